"use client";

import { download } from "@/lib/download";

/** Shown once: nobody can ask for them again. */
export function BackupCodes({ codes, kept }: { codes: string[]; kept: () => void }) {
  const text = `Backup codes for Fieldnote. Each works once.\n\n${codes.join("\n")}\n`;
  return (
    <>
      <h2>Your backup codes</h2>
      <p>Lose your phone, and one of these lets you in. Each works once. They are not shown again.</p>
      <ul className="codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <p className="actions">
        <button className="button" type="button" onClick={() => download("fieldnote-backup-codes.txt", "text/plain", text)}>
          Download
        </button>
        <button className="button" type="button" onClick={() => window.print()}>
          Print
        </button>
        <button className="button primary" type="button" onClick={kept}>
          I have kept them
        </button>
      </p>
    </>
  );
}

import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import "./globals.css";
import "./passkeys.css";
import "./two-factor.css";

export const metadata: Metadata = {
  title: { default: "Fieldnote", template: "%s · Fieldnote" },
  description: "Short notes, kept for whoever is signed in. An example of Doorward in Next.js.",
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#faf7f0" },
    { media: "(prefers-color-scheme: dark)", color: "#16151a" },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}

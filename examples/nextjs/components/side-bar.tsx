"use client";

import { RequireRole, useSession } from "@doorward/next/react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useRef } from "react";

/** A list at the side, and on a phone a menu that opens. */
export function SideBar() {
  const { session } = useSession();
  const path = usePathname();
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (menu.current) menu.current.open = false;
  }, [path]);

  const places = (
    <>
      <ul>
        <Place href="/dashboard">Notes</Place>
        <Place href="/dashboard/settings">Settings</Place>
        <Place href="/billing">Billing</Place>
        <Place href="/private">Private</Place>
        <RequireRole role="admin">
          <Place href="/admin">Administration</Place>
        </RequireRole>
      </ul>
      <p className="who">{session?.user?.email}</p>
    </>
  );
  return (
    <>
      <nav className="side" aria-label="Places">
        {places}
      </nav>
      <details className="menu" ref={menu}>
        <summary>Menu</summary>
        <nav aria-label="Places, as a menu">{places}</nav>
      </details>
    </>
  );
}

function Place({ href, children }: { href: string; children: string }) {
  const isHere = usePathname() === href;
  return (
    <li>
      <Link href={href} aria-current={isHere ? "page" : undefined}>
        {children}
      </Link>
    </li>
  );
}

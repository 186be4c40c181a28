import Link from "next/link";
import { Suspense, type ReactNode } from "react";
import { Mark } from "@/components/mark";
import { SessionProvider } from "@/components/session-provider";
import { SideBar } from "@/components/side-bar";
import { SignOut } from "@/components/sign-out";

export default function InsideLayout({ children }: { children: ReactNode }) {
  return (
    <Suspense fallback={<Frame>{<p className="soft">One moment…</p>}</Frame>}>
      <SessionProvider>
        <Frame corner={<SignOut />} side={<SideBar />}>
          {children}
        </Frame>
      </SessionProvider>
    </Suspense>
  );
}

/** What stands around a page, also before it is known whose it is. */
function Frame({ corner, side, children }: { corner?: ReactNode; side?: ReactNode; children: ReactNode }) {
  return (
    <div className="inside">
      <header className="bar">
        <Link className="name" href="/">
          <Mark /> Fieldnote
        </Link>
        <div className="bar-end">{corner}</div>
      </header>
      {side ?? <div className="side" />}
      <main>{children}</main>
    </div>
  );
}

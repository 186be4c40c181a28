import Link from "next/link";
import { Suspense, type ReactNode } from "react";
import { Mark } from "@/components/mark";
import { RecoveryBanner } from "@/components/recovery-banner";
import { SessionProvider } from "@/components/session-provider";
import { SideBar } from "@/components/side-bar";
import { SignOut } from "@/components/sign-out";

export default function InsideLayout({ children }: { children: ReactNode }) {
  return (
    <Suspense fallback={<Frame>{<p className="soft">One moment…</p>}</Frame>}>
      <SessionProvider>
        <Frame corner={<SignOut />} side={<SideBar />} banner={<RecoveryBanner />}>
          {children}
        </Frame>
      </SessionProvider>
    </Suspense>
  );
}

interface FrameProps {
  corner?: ReactNode;
  side?: ReactNode;
  banner?: ReactNode;
  children: ReactNode;
}

/** What stands around a page, also before it is known whose it is. */
function Frame({ corner, side, banner, children }: FrameProps) {
  return (
    <div className="inside">
      <header className="bar">
        <Link className="name" href="/">
          <Mark /> Fieldnote
        </Link>
        <div className="bar-end">{corner}</div>
      </header>
      {side ?? <div className="side" />}
      <main>
        {banner}
        {children}
      </main>
    </div>
  );
}

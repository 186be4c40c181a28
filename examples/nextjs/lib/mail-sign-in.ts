/** A mail that was asked for in this browser, to sign in by. */
export interface MailSignIn {
  email: string;
  remember: boolean;
  redirectTo: string | undefined;
  /** When its link and its code run out. */
  until: number;
}

const NAME = "mail-sign-in";

/** For all tabs, as the mail's link opens one of its own. */
export function keepMailSignIn(asked: MailSignIn): void {
  localStorage.setItem(NAME, JSON.stringify(asked));
}

export function mailSignIn(): MailSignIn | null {
  const asked = JSON.parse(localStorage.getItem(NAME) ?? "null") as MailSignIn | null;
  return asked && asked.until > Date.now() ? asked : null;
}

export function forgetMailSignIn(): void {
  localStorage.removeItem(NAME);
}

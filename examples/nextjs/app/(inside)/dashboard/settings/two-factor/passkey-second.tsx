"use client";

interface Props {
  isOn: boolean;
  isPending: boolean;
  choose: (on: boolean) => void;
}

/** For whoever has passkeys and no app: one of them after the password. */
export function PasskeySecond({ isOn, isPending, choose }: Props) {
  return (
    <section className="card" aria-labelledby="passkey-second-heading">
      <h2 id="passkey-second-heading">Passkey after the password {isOn && <span className="badge">on</span>}</h2>
      <p>
        {isOn
          ? "Whoever signs in with your password is asked for one of your passkeys as well."
          : "Your passkeys stand for two factors already. Your password alone still lets anybody in who learns it."}
      </p>
      <button className="button" type="button" disabled={isPending} onClick={() => choose(!isOn)}>
        {isOn ? "Don’t ask for it" : "Ask for a passkey after the password"}
      </button>
    </section>
  );
}

"use client";

import type { AuthError, Result } from "@doorward/next/client";
import { useId, useRef, useState, useTransition, type FormEvent, type ReactNode } from "react";
import { useHydrated } from "@/lib/use-hydrated";

interface FormProps<T> {
  /** What the button says, and what it says while it works. */
  label: string;
  busy: string;
  danger?: boolean;
  /** It stands beside something that matters more. */
  quiet?: boolean;
  submit: (values: Record<string, string>) => Promise<Result<T>>;
  done?: (data: T) => void;
  children: ReactNode | ((error: AuthError | undefined) => ReactNode);
}

/** Sends, says what went wrong beside the field that is at fault, and loses nothing that was typed. */
export function Form<T>({ label, busy, danger = false, quiet = false, submit, done, children }: FormProps<T>) {
  const [error, setError] = useState<AuthError>();
  const [isPending, start] = useTransition();
  const form = useRef<HTMLFormElement>(null);
  const isHydrated = useHydrated();

  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    start(async () => {
      const result = await submit(values);
      setError(result.error);
      if (result.ok) {
        done?.(result.data);
        return;
      }
      const wrong = Object.keys(result.error.fields)[0];
      const field = wrong && form.current?.elements.namedItem(wrong);
      if (field instanceof HTMLElement) field.focus();
    });
  };

  const general = error && Object.keys(error.fields).length === 0;
  return (
    // Where the script has not come yet, the button waits for it: the browser's own submit would load the page anew, without
    // what was typed. And by post, so that no password gets into the address whatever happens.
    <form ref={form} method="post" onSubmit={send} className="form">
      <div role="alert" aria-live="polite">
        {general && <p className="alert">{sentence(error)}</p>}
      </div>
      {typeof children === "function" ? children(error) : children}
      <button className={danger ? "button danger" : quiet ? "button" : "button primary"} type="submit" disabled={!isHydrated || isPending}>
        {isPending ? busy : label}
      </button>
      <noscript>
        <p className="hint">Your browser runs no scripts. This form needs them.</p>
      </noscript>
    </form>
  );
}

function sentence({ detail, retryAfter }: AuthError): string {
  return retryAfter && retryAfter > 1 ? `${detail} (${retryAfter} seconds)` : detail;
}

interface FieldProps {
  name: string;
  label: string;
  type?: "text" | "email" | "tel" | "password";
  autoComplete: string;
  hint?: string;
  defaultValue?: string;
  required?: boolean;
  inputMode?: "numeric";
  autoFocus?: boolean;
  error: AuthError | undefined;
}

export function Field({ name, label, hint, error, type = "text", required = true, ...rest }: FieldProps) {
  const id = useId();
  const fault = error?.fields[name];
  const [isShown, setShown] = useState(false);
  const described = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="control">
        <input
          id={id}
          name={name}
          type={isShown ? "text" : type}
          required={required}
          aria-invalid={fault ? true : undefined}
          aria-describedby={described || undefined}
          {...rest}
        />
        {type === "password" && (
          <button className="reveal" type="button" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
            {isShown ? "Hide" : "Show"}
            <span className="out-of-sight"> {label.toLowerCase()}</span>
          </button>
        )}
      </div>
      {hint && (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault && (
        <p className="fault" id={`${id}-fault`}>
          {fault.detail}
        </p>
      )}
    </div>
  );
}

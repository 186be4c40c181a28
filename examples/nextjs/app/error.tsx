"use client";

export default function Trouble({ reset }: { error: Error; reset: () => void }) {
  return (
    <div className="auth">
      <main className="card">
        <h1>Just a moment</h1>
        <p>Something that this page needs does not answer right now. You are still signed in.</p>
        <p className="actions">
          <button className="button primary" type="button" onClick={reset}>
            Try again
          </button>
        </p>
      </main>
    </div>
  );
}

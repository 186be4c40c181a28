import Link from "next/link";

export default function NotFound() {
  return (
    <div className="auth">
      <main className="card">
        <h1>There is nothing here</h1>
        <p>The address may be mistyped, or what it led to is gone.</p>
        <p className="actions">
          <Link className="button" href="/">
            Go to the start
          </Link>
        </p>
      </main>
    </div>
  );
}

/** A page with a folded corner. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <path d="M5 3h9l5 5v13H5z" fill="var(--accent)" />
      <path d="M14 3v5h5z" fill="var(--paper)" opacity=".75" />
      <path d="M8 12h8M8 15.5h5.5" stroke="var(--on-accent)" strokeWidth="1.6" strokeLinecap="round" fill="none" />
    </svg>
  );
}

import type { ErrorCode, Problem } from "../types.js";

export interface AuthError {
  /** Act on this. `unavailable` also where there was no answer at all. */
  code: ErrorCode;
  /** 0 where there was no answer. */
  status: number;
  /** A sentence that can be shown. */
  detail: string;
  /** What is wrong with which field. */
  fields: { [field: string]: { code: string; detail: string } | undefined };
  /** Seconds to wait, where that is known. */
  retryAfter: number | undefined;
}

export type Result<T> =
  | { ok: true; data: T; error?: undefined }
  | { ok: false; data?: undefined; error: AuthError };

/** What an answer says, or why there is none. */
export async function resultOf<T>(answer: Promise<Response>): Promise<Result<T>> {
  let status = 0;
  let data: Partial<Problem> = {};
  try {
    const response = await answer;
    status = response.status;
    const text = await response.text();
    if (response.ok) return { ok: true, data: (text ? JSON.parse(text) : undefined) as T };
    data = JSON.parse(text) as Problem;
  } catch {
    // No answer, or none of Doorward's.
  }
  const { code = "unavailable", detail = "Something went wrong. Try again in a moment.", errors = [] } = data;
  const fields = Object.fromEntries(errors.map((error) => [error.field, error]));
  return { ok: false, error: { code, status, detail, fields, retryAfter: data.retry_after ?? undefined } };
}

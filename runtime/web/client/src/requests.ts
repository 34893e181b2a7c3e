// Calls to our own server, which passes them on to the API.
import { csrfToken } from "./dom";

export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly remedy: string,
  ) {
    super(detail);
  }
}

/** Calls our server; a page that has nothing to lose goes to the sign-in. */
export async function send<T>(method: string, address: string, body?: unknown, key?: string): Promise<T> {
  try {
    return await call<T>(method, address, body, key ? { "idempotency-key": key } : {});
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) location.assign("/");
    throw error;
  }
}

/** Calls our server; rejects with `ApiProblem` for a refusal, with another error without an answer. */
export async function call<T>(
  method: string,
  address: string,
  body?: unknown,
  more: Record<string, string> = {},
  asText = false,
): Promise<T> {
  const headers = { "content-type": "application/json", "x-csrf-token": csrfToken(), ...more };
  const answer = await fetch(address, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  if (answer.status === 401) throw new ApiProblem(401, "auth.missing", "You are signed out.", "Sign in again.");
  if (asText && answer.ok) return (await answer.text()) as T;
  const content = (await answer.json().catch(() => null)) as Record<string, string> | null;
  if (!answer.ok) {
    const detail = content?.["detail"] || content?.["title"] || "The service refused the request.";
    throw new ApiProblem(answer.status, content?.["code"] ?? "", detail, content?.["remedy"] ?? "");
  }
  return content as T;
}

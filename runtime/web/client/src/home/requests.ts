// Calls to our own server, which passes them on to the API.
import { csrfToken } from "../dom";

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

export async function send<T>(method: string, address: string, body?: unknown, key?: string): Promise<T> {
  const headers: Record<string, string> = { "content-type": "application/json", "x-csrf-token": csrfToken() };
  if (key) headers["idempotency-key"] = key;
  const answer = await fetch(address, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  if (answer.status === 401) {
    location.assign("/");
    throw new ApiProblem(401, "auth.missing", "You are signed out.", "Sign in again.");
  }
  const content = (await answer.json().catch(() => null)) as Record<string, string> | null;
  if (!answer.ok) {
    const detail = content?.["detail"] || content?.["title"] || "The service refused the request.";
    throw new ApiProblem(answer.status, content?.["code"] ?? "", detail, content?.["remedy"] ?? "");
  }
  return content as T;
}

// The relay's REST API. Answers are what /api/v1/openapi.json describes.

import { token } from "./session";

export interface StoreStatus {
  name: string; url: string; sending: number | null; failed: number | null; oldest_sending_seconds: number | null;
  blocked_scopes?: number; lanes?: { lane: number; holder: string | null }[]; paused?: Pause[]; error?: { code: string; message: string };
}
export interface Pause { route: string; who: string; why: string; since: string }
export interface RouteStatus {
  topic: string; broker: string; state: "flowing" | "idle" | "stalled" | "down" | "paused"; detail: string;
  in_flight: number; confirmed_total: number; rejected_total: number; unroutable_total: number; failed_total: number;
  in_doubt_total: number; duplicates_possible_total: number; rate: number; premise: string; may_pause: boolean;
}
export interface BrokerStatus {
  relay: string; broker: string; up: boolean; blocked: boolean; endpoint: string; detail: string;
}
export interface Status { stores: StoreStatus[]; routes: RouteStatus[]; brokers: BrokerStatus[]; age_seconds: number }
export type Act = "resend" | "drop" | "edit" | "pause";
export interface Me {
  name: string; role: "stats" | "viewer" | "operator" | null; payloads: boolean; topics: string[] | null; may: Act[]; expires: string | null;
  by_proxy: boolean; version: string; stores: string[];
}

/** The right that an operation takes: dropping is restoring, too, and pausing resuming. */
export const rightFor = (act: string): Act => (act === "restore" ? "drop" : act === "resume" ? "pause" : (act as Act));

export interface Troubled {
  id: string; topic: string; key: string | null; state: string; route: string; reason: string; answer: string;
  attempts: number; tries: number; stored_at: string | null; changed_at: string | null; content_type?: string;
  headers?: Record<string, string>; payload?: string; payload_base64?: string; payload_bytes?: number;
}
export interface Attempt { at: string; attempt: number; outcome: string; answer: string; endpoint: string; relay: string }
export interface Explanation {
  id: string; store: string; state: string; explanation: string[]; next: string; holder: string | null; lane: number | null;
  blocked_by: { route: string; key: string | null; message: string } | null; message: Troubled | null; history: Attempt[];
  content_hidden: boolean; decoder: string | null; content_masked: boolean;
}
export interface Group { route: string; reason: string; answer: string; count: number; first: string; last: string; sample_id: string; code: string | null; means: string | null; remedy: string | null; cause: CauseLife }
export type CauseAct = "take" | "resolve" | "reopen";
export interface CauseLife { state: "open" | "taken" | "resolved" | "returned"; who: string | null; why: string | null; since: string | null }
export interface Operation {
  id: string; act: string; state: "waiting" | "running" | "stopping" | "stopped" | "done"; filters: Record<string, string | string[]>[]; subject: string | null;
  who: string; why: string; from: string; created_at: string; rate: number; steps: number[]; expected: number; looked_at: number;
  changed: number; consumed: number; cannot_go: number; left_alone: number; failed_again: number; steps_over: number;
  runner: string | null; note: string; stopped_by: string | null;
}
export interface Plan { count: number; destinations: Record<string, number>; cannot_go: Record<string, number>; consumed?: number; seconds: number | null }
export interface OperationOrder {
  act: string; store?: string; q?: string; ids?: string[]; all?: boolean; dry_run?: boolean; why?: string; rate?: number;
  steps?: number[]; skip_consumed?: boolean;
}

export interface Edited { store: string; origin: string; id: string | null; route: { route: string; broker: string; exchange: string } | null }
export interface Consumer { consumer: string; marks: number; is_estimate: boolean; conflicts: number; oldest_kept: string | null; expired_before: string | null }
interface ConflictSide { digest: string; message_id: string; at: string | null }
export interface Conflict { seq: number; consumer: string; unique_id: string; fingerprint: string; kept: ConflictSide; refused: ConflictSide }
export interface Sync {
  name: string; error: string | null; waiting?: number; lag_seconds?: number; applied?: number; parked?: number;
  mismatches?: { command: string; redis: string; sql: string }[];
}

/** What went wrong, in the server's words; `status` 0: it could not be reached. */
export class Problem extends Error {
  constructor(readonly status: number, detail: string) {
    super(detail);
  }
}

// Beside the page, so that it works behind any prefix of a proxy, which may know people by its cookie.
const root = new URL("../api/v1/", document.baseURI);

async function ask(path: string, init: RequestInit): Promise<unknown> {
  const headers: Record<string, string> = { ...(init.headers as Record<string, string>) };
  if (token()) headers["Authorization"] = `Bearer ${token()}`;
  const url = new URL(path, root);
  if (document.documentElement.lang.startsWith("zh")) url.searchParams.set("lang", "zh");
  let answer: Response;
  try {
    answer = await fetch(url, { ...init, headers, cache: "no-store", credentials: "same-origin" });
  } catch {
    throw new Problem(0, "");
  }
  const text = await answer.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Problem(answer.status, `${answer.status} ${answer.statusText}`);
  }
  if (answer.ok) return body;
  throw new Problem(answer.status, String((body as { detail?: unknown }).detail ?? answer.statusText));
}

export async function get<T>(path: string): Promise<T> {
  return (await ask(path, {})) as T;
}

function posting(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) };
}

export async function post<T>(path: string, body: unknown): Promise<T> {
  return (await ask(path, posting(body))) as T;
}

/** A UUIDv7 (RFC 9562). */
function uuid7(): string {
  const random = crypto.getRandomValues(new Uint8Array(10));
  random[0] = 0x70 | (random[0]! & 0x0f);
  random[2] = 0x80 | (random[2]! & 0x3f);
  const hex = Date.now().toString(16).padStart(12, "0") + Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

let unanswered = { asked: "", key: "" };

/** As post(), and when the answer got lost, the same asked again is the same request: it begins nothing a second time. */
export async function postOnce<T>(path: string, body: unknown): Promise<T> {
  const asked = JSON.stringify([path, body]);
  if (unanswered.asked !== asked) unanswered = { asked, key: uuid7() };
  const answer = await ask(path, posting(body, { "Idempotency-Key": unanswered.key }));
  unanswered = { asked: "", key: "" };
  return answer as T;
}

/** `path?a=1&b=2`; what is empty is left out. */
export function query(path: string, parameters: Record<string, string | number | undefined>): string {
  const pairs = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  return pairs.length ? `${path}?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}` : path;
}

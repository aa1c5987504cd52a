import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressList, isListed } from "../address-list.ts";

/**
 * Nothing is loaded but from here, no script stands in a page, and no other page may show one of ours. Styles may be
 * inline, since the components' styles are made as they are shown.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** On everything that the web application answers. */
export function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader("content-security-policy", contentSecurityPolicy);
  response.setHeader("x-content-type-options", "nosniff");
  // Not no-referrer, under which browsers would send "Origin: null" with our own writes.
  response.setHeader("referrer-policy", "same-origin");
  response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  response.setHeader("permissions-policy", "camera=(), microphone=(), geolocation=()");
}

/**
 * Where the browser believes it is: DKS_PUBLIC_URL if that is set, otherwise what the request says, of which a trusted
 * proxy's X-Forwarded-Proto is a part.
 */
export function originOf(request: IncomingMessage, publicUrl: string | undefined, trusted: AddressList): string {
  if (publicUrl !== undefined) return publicUrl;
  const forwarded = request.headers["x-forwarded-proto"];
  const secure = forwarded === "https" && trusted.length > 0 && isListed(request.socket.remoteAddress ?? "", trusted);
  return `${secure ? "https" : "http"}://${request.headers.host ?? "localhost"}`;
}

/**
 * Whether a write was made by one of our own pages: a browser says with each where it comes from, and no page of another
 * site can make it say otherwise. What says nothing is no browser and is refused too.
 */
export function isFromOurPage(request: IncomingMessage, origin: string): boolean {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return false;
  const given = request.headers.origin;
  if (given === undefined) return site === "same-origin";
  // By host: a proxy that ends TLS may not say that it did.
  return URL.canParse(given) && (new URL(given).host === request.headers.host || given === origin);
}

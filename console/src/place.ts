// Where in the console a person is: the part of the address behind #, so that every view can be linked to.

import { useEffect, useState } from "preact/hooks";

export interface Place { path: string[]; query: URLSearchParams }

export function placeOf(hash: string): Place {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { path: path.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(search) };
}

export function href(path: string[], query: Record<string, string> = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value);
  const search = pairs.length ? `?${new URLSearchParams(pairs)}` : "";
  return `#/${path.map(encodeURIComponent).join("/")}${search}`;
}

export const go = (to: string): void => {
  window.location.hash = to;
};

export function usePlace(): Place {
  const [hash, setHash] = useState(window.location.hash);
  useEffect(() => {
    const moved = () => setHash(window.location.hash);
    window.addEventListener("hashchange", moved);
    moved();  // it may have moved before anybody listened
    return () => window.removeEventListener("hashchange", moved);
  }, []);
  return placeOf(hash);
}

// Asking again and again, without harm: not while the tab is hidden, not while a person has paused it, and more slowly
// while the relay can't be reached.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { get, Problem } from "./api";
import { useSay } from "./language";

export interface Polled<T> { value?: T; problem?: Problem; again: () => void }

let paused = false;
const listeners = new Set<() => void>();

export function usePaused(): [boolean, (value: boolean) => void] {
  const [value, setValue] = useState(paused);
  useEffect(() => {
    const changed = () => setValue(paused);
    listeners.add(changed);
    return () => void listeners.delete(changed);
  }, []);
  return [value, (next) => {
    paused = next;
    listeners.forEach((told) => told());
  }];
}

/** What the path answers, asked for every `seconds`; null: nothing is asked. */
export function usePoll<T>(path: string | null, seconds: number): Polled<T> {
  const say = useSay();  // another language: other texts
  const [state, setState] = useState<{ path: string | null; value?: T; problem?: Problem }>({ path });
  const asked = useRef(0);
  const read = useCallback(async () => {
    if (path === null) return true;
    const turn = ++asked.current;
    try {
      const value = await get<T>(path);
      if (turn === asked.current) setState({ path, value });
      return true;
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(0, String(error));
      if (turn === asked.current) setState((now) => ({ path, value: now.path === path ? now.value : undefined, problem }));
      return false;
    }
  }, [path, say]);
  useEffect(() => {
    let timer = 0;
    let over = false;
    const next = async () => {
      const fine = document.hidden || paused || (await read());
      if (!over) timer = window.setTimeout(next, seconds * 1000 * (fine ? 1 : 2));
    };
    read().then(() => {
      if (!over) timer = window.setTimeout(next, seconds * 1000);
    });
    const shown = () => void (!document.hidden && !paused && read());
    document.addEventListener("visibilitychange", shown);
    return () => {
      over = true;
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", shown);
    };
  }, [read, seconds]);
  return { value: state.path === path ? state.value : undefined, problem: state.problem, again: () => void read() };
}

import { useEffect, useRef } from "preact/hooks";

const typing = (element: Element | null): boolean => element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement;

/** What single keys do on this page; not while a person types, nor while a dialog is open, nor on a button. */
export function useKeys(actions: Record<string, () => unknown>): void {
  // Those of the last drawing, at once: who types fast must not act on what was there before.
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(document.activeElement) || document.querySelector("dialog[open]")) return;
      if (event.key === "Enter" && document.activeElement !== document.body) return;
      const action = latest.current[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}

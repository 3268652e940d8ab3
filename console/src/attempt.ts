import { useState } from "preact/hooks";
import { Problem } from "./api";

/** One act at a time, and why the last one was refused. True when it was done. */
export function useAttempt(): { busy: boolean; problem?: Problem; attempt: (act: () => Promise<unknown>) => Promise<boolean> } {
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const attempt = async (act: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await act();
      return true;
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, String(error)));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, problem, attempt };
}

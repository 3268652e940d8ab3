import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { chinese, english, type Word } from "./words";

export type Language = "en" | "zh";
export type Say = (word: Word, values?: Record<string, string | number>) => string;

export const usualLanguage = (): Language => (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

export function sayIn(language: Language): Say {
  const words = language === "zh" ? chinese : english;
  return (word, values = {}) => words[word].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export const Speaking = createContext<Say>(sayIn("en"));
export const useSay = (): Say => useContext(Speaking);

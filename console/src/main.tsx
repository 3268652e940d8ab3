import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { get, Problem, type Me } from "./api";
import { when } from "./format";
import { useKeys } from "./keys";
import { sayIn, Speaking, usualLanguage, type Language, type Say } from "./language";
import { Failed } from "./pages/failed";
import { Inbox } from "./pages/inbox";
import { Message } from "./pages/message";
import { OneOperation, Operations } from "./pages/operations";
import { Overview } from "./pages/overview";
import { SignIn } from "./pages/sign_in";
import { Trouble } from "./parts/trouble";
import { go, href, usePlace, type Place } from "./place";
import { usePaused } from "./poll";
import { setSetting, setting, setToken, token } from "./session";

const chosenLanguage = (): Language => (setting("language") as Language) || usualLanguage();
const nameLanguage = (language: Language) => void (document.documentElement.lang = language === "zh" ? "zh-CN" : "en");

function Page({ place, me }: { place: Place; me: Me }) {
  const [first, second] = place.path;
  if (first === "failed") return <Failed place={place} me={me} />;
  if (first === "messages" && second) return <Message place={place} me={me} />;
  if (first === "operations") return second ? <OneOperation place={place} me={me} /> : <Operations place={place} me={me} />;
  if (first === "inbox") return <Inbox place={place} me={me} />;
  return <Overview />;
}

function whoIs(me: Me, say: Say): string {
  if (!me.role || !(token() || me.by_proxy)) return say("anonymous");
  const parts = [say("whoami", { name: me.name, role: say(me.role) })];
  if (me.topics) parts.push(say("onlyTopics", { topics: me.topics.join(", ") }));
  if (me.expires) parts.push(say("until", { when: when(me.expires) }));
  return parts.join(" · ");
}

function App() {
  const place = usePlace();
  const [language, setLanguage] = useState<Language>(chosenLanguage());
  const [theme, setTheme] = useState(setting("theme") || "system");
  const [me, setMe] = useState<Me>();
  const [problem, setProblem] = useState<Problem>();
  const [paused, setPaused] = usePaused();
  const [help, setHelp] = useState(false);
  const awaited = useRef(false);
  const say = useMemo(() => sayIn(language), [language]);
  const identify = () => {
    get<Me>("me").then((known) => {
      setMe(known);
      setProblem(undefined);
    }, (error: Problem) => {
      if (error.status === 401) setToken("");
      setMe(undefined);
      setProblem(error);
      if (error.status === 0) window.setTimeout(identify, 3000);
    });
  };
  useEffect(identify, []);
  const speak = (next: Language) => {
    nameLanguage(next);
    setSetting("language", next);
    setLanguage(next);
  };
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    setSetting("theme", theme);
  }, [theme]);
  const afterG = (to: string) => () => {
    if (awaited.current) go(to);
    awaited.current = false;
  };
  useKeys({ g: () => { awaited.current = true; window.setTimeout(() => (awaited.current = false), 1000); }, o: afterG(href([])), f: afterG(href(["failed"])), i: afterG(href(["inbox"])), p: afterG(href(["operations"])), "?": () => setHelp((now) => !now) });
  const current = (name: string): "page" | undefined => ((place.path[0] ?? "") === name ? "page" : undefined);
  return (
    <Speaking.Provider value={say}>
      <header>
        <a class="brand" href={href([])}>{say("title")}</a>
        <nav aria-label={say("title")}>
          <a href={href([])} aria-current={current("")}>{say("overview")}</a>
          <a href={href(["failed"])} aria-current={current("failed")}>{say("failed")}</a>
          <a href={href(["inbox"])} aria-current={current("inbox")}>{say("inbox")}</a>
          <a href={href(["operations"])} aria-current={current("operations")}>{say("operations")}</a>
        </nav>
        <span class="grow" />
        <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>{say(paused ? "goOn" : "pause")}</button>
        <button type="button" onClick={() => setHelp(!help)} aria-expanded={help}>{say("help")}</button>
        <select aria-label={say("theme")} value={theme} onChange={(event) => setTheme(event.currentTarget.value)}>
          <option value="system">{say("system")}</option><option value="light">{say("light")}</option><option value="dark">{say("dark")}</option>
        </select>
        <button type="button" lang={language === "en" ? "zh-CN" : "en"} onClick={() => speak(language === "en" ? "zh" : "en")}>{say("language")}</button>
        {me ? <span class="quiet">{whoIs(me, say)}</span> : null}
        {me?.by_proxy ? null : token() ? <button type="button" onClick={() => { setToken(""); setMe(undefined); identify(); }}>{say("signOut")}</button> : me?.role ? <a class="button" href={href(["sign-in"])}>{say("signIn")}</a> : null}
      </header>
      {help ? <p class="help" role="status">{say("keys")}</p> : null}
      {me?.role && place.path[0] !== "sign-in" ? <Page place={place} me={me} />
        : problem?.status === 0 ? <main><Trouble problem={problem} /></main>
        : me?.by_proxy ? <main><Trouble problem={new Problem(403, say("noRights", { name: me.name }))} /></main>
        : me || problem ? <SignIn done={() => { identify(); go(href([])); }} /> : <main><p class="quiet">{say("loading")}</p></main>}
      <footer class="quiet">{me ? say("version", { version: me.version }) : ""}</footer>
    </Speaking.Provider>
  );
}

// Before anything is drawn or asked for, so that nothing flashes and the first answer is in the page's language.
nameLanguage(chosenLanguage());
document.documentElement.dataset["theme"] = setting("theme") || "system";
render(<App />, document.body);

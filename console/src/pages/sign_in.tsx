import { useState } from "preact/hooks";
import { get, Problem, type Me } from "../api";
import { useSay } from "../language";
import { setToken } from "../session";

export function SignIn({ done }: { done: () => void }) {
  const say = useSay();
  const [wrong, setWrong] = useState("");
  const attempt = async (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("token") as HTMLInputElement;
    setToken(field.value.trim());
    try {
      await get<Me>("me");
      done();
    } catch (error) {
      setToken("");
      setWrong(error instanceof Problem && error.status === 401 ? say("tokenWrong") : String((error as Error).message || say("unreachable")));
    }
  };
  return (
    <main class="narrow">
      <h1>{say("signIn")}</h1>
      <form onSubmit={attempt}>
        <label>{say("tokenHint")} <input name="token" type="password" autocomplete="off" required autofocus /></label>
        {wrong ? <p class="trouble" role="alert">{wrong}</p> : null}
        <div class="row"><button type="submit" class="main">{say("signIn")}</button></div>
      </form>
    </main>
  );
}

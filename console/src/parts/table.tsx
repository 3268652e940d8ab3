import type { ComponentChildren } from "preact";
import { useSay } from "../language";

interface Column<Row> { title: string; cell: (row: Row) => ComponentChildren; wide?: boolean; numeric?: boolean }

/** A table that becomes a list of cards where the page is narrow: each cell carries its title. */
export function Table<Row>(props: {
  caption: string; columns: Column<Row>[]; rows: Row[]; name: (row: Row) => string; marked?: (row: Row, index: number) => boolean;
}) {
  const say = useSay();
  if (props.rows.length === 0) return <p class="quiet">{say("nothing")}</p>;
  return (
    <div class="scroll">
      <table>
        <caption class="hidden">{props.caption}</caption>
        <thead>
          <tr>{props.columns.map((column) => <th scope="col" class={column.numeric ? "number" : ""}>{column.title}</th>)}</tr>
        </thead>
        <tbody>
          {props.rows.map((row, index) => (
            <tr key={props.name(row)} class={props.marked?.(row, index) ? "marked" : ""} aria-current={props.marked?.(row, index) ? "true" : undefined}>
              {props.columns.map((column) => (
                <td data-title={column.title} class={[column.wide ? "wide" : "", column.numeric ? "number" : ""].join(" ")}>{column.cell(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

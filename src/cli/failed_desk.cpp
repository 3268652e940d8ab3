#include "cli/failed_desk.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "admin/causes.hpp"
#include "admin/decode.hpp"
#include "admin/explain.hpp"
#include "admin/search.hpp"
#include "cli/causes.hpp"
#include "cli/editor.hpp"
#include "cli/failed_acts.hpp"
#include "cli/table.hpp"

namespace waybill::cli {
namespace {

constexpr std::size_t page = 20;
constexpr std::size_t longest_shown = 4000;

std::string beginning_of(const std::string& text) {
  return text.size() > longest_shown ? text.substr(0, longest_shown) + " ..." : text;
}

/// The number that a person typed, of a list that begins with 1.
std::optional<std::size_t> chosen(const std::string& typed, std::size_t count) {
  std::size_t number = 0;
  const auto end = typed.data() + typed.size();
  const auto read = std::from_chars(typed.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end || number < 1 || number > count) return std::nullopt;
  return number - 1;
}

class Desk {
 public:
  Desk(const Session& session, Opened opened) : session_(session), opened_(std::move(opened)) {}

  int run() {
    while (!quit_) {
      const auto shown = causes();
      if (!shown) return fail(shown.error());
    }
    return done;
  }

 private:
  void print(const std::string& text) const { session_.print(text); }

  std::string heading(const std::string& text) const {
    return "\n" + paint(session_.terminal, Tone::strong, text) + "\n";
  }

  /// What a person types; the end of the input means to quit.
  std::string prompt(const std::string& choices) {
    const auto typed = ask(paint(session_.terminal, Tone::dim, choices) + "\n> ");
    if (!typed) quit_ = true;
    return typed.value_or("q");
  }

  Status causes() {
    auto found = opened_.store->failed_groups({});
    if (!found) return found.error();
    const auto book = admin::CauseBook::read(*opened_.store);
    if (!book) return book.error();
    Table table({"", "COUNT", "STATE", "ROUTE", "REASON", "LAST", "BROKER'S ANSWER"});
    for (std::size_t i = 0; i < found->size(); ++i) {
      const auto& group = (*found)[i];
      table.add({std::to_string(i + 1), grouped(group.count), in_words(book->life_of(group)),
                 group.route.empty() ? "-" : group.route, group.reason, admin::format_when(group.last_ms),
                 group.answer});
    }
    print(heading("Failed, by cause") +
          (table.empty() ? "Nothing here.\n" : table.render(session_.terminal) + remedies(*found)));
    const auto typed = prompt("number: its messages   / SEARCH   a: all   d: dropped   Enter: look again   q: quit");
    if (typed == "q") {
      quit_ = true;
    } else if (typed == "a" || typed == "d") {
      return messages({}, typed == "d" ? "dropped" : "failed");
    } else if (typed.starts_with("/")) {
      return messages(typed.substr(1), "failed");
    } else if (const auto at = chosen(typed, found->size())) {
      const auto& group = (*found)[*at];
      return messages("reason:" + group.reason + (group.route.empty() ? "" : " topic:\"" + group.route + "\""),
                      "failed");
    }
    return {};
  }

  /// Page after page of what the search line selects.
  Status messages(const std::string& search, const std::string& state) {
    store::Ticket after;
    while (!quit_) {
      store::FailedFilter filter;
      if (auto parsed = admin::parse_search(search, admin::wall_clock_ms(), filter); !parsed) {
        complain(parsed.error().message());
        return {};
      }
      filter.state = state;
      filter.limit = page;
      filter.after = after;
      filter.payloads = false;
      auto found = opened_.store->troubled(filter);
      if (!found) return found.error();
      show_page(search, state, *found);
      const auto act =
          state == "dropped" ? "t: restore all that match" : "r: resend all that match   x: drop all that match";
      const auto typed = prompt("number: the message   " + std::string(act) + "   n: next page   b: back   q: quit");
      if (typed == "q") {
        quit_ = true;
      } else if (typed == "b") {
        return {};
      } else if (typed == "n" && found->size() == page) {
        after = found->back().ticket;
      } else if (const auto bulk = act_of(typed, state)) {
        act_on(*bulk, search, {});
      } else if (const auto at = chosen(typed, found->size())) {
        if (auto shown = message((*found)[*at].message.id.str()); !shown) return shown;
      }
    }
    return {};
  }

  void show_page(const std::string& search, const std::string& state, const std::vector<store::Troubled>& found) const {
    Table table({"", "ID", "TOPIC", "KEY", "TRIES", "REASON", "SINCE", "BROKER'S ANSWER"});
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto& one = found[i];
      table.add({std::to_string(i + 1), one.message.id.str(), one.message.topic.str(),
                 one.message.key ? one.message.key->str() : "-", std::to_string(one.tries), one.reason,
                 admin::format_when(one.changed_at_ms), one.answer});
    }
    print(heading((state == "dropped" ? "Dropped " : "Failed ") + printable(search)) +
          (table.empty() ? "Nothing here.\n" : table.render(session_.terminal)));
  }

  static std::optional<admin::BulkAct> act_of(const std::string& typed, const std::string& state) {
    if (state == "dropped") return typed == "t" ? std::optional(admin::BulkAct::restore) : std::nullopt;
    if (typed == "r") return admin::BulkAct::resend;
    if (typed == "x") return admin::BulkAct::drop;
    return std::nullopt;
  }

  /// One message's story, and what can be done with it.
  Status message(const std::string& id) {
    while (!quit_) {
      store::Store* store = opened_.store.get();
      auto told = admin::find_message(*opened_.config, std::span(&store, 1), id);
      if (!told) return told.error();
      show_story(*told);
      const bool is_failed = told->state == "failed";
      const auto acts = is_failed ? "r: resend   x: drop   e: edit and resend   o: I am on it   s: it is resolved   "
                        : told->state == "dropped" ? "t: restore   "
                                                   : "";
      const auto typed = prompt(std::string(acts) + "b: back   q: quit");
      if (typed == "q") {
        quit_ = true;
      } else if (typed == "b") {
        return {};
      } else if (typed == "e" && is_failed) {
        edit_and_resend(session_, opened_, *told->whereabouts.troubled);
      } else if (is_failed && (typed == "o" || typed == "s")) {
        say_of_cause(typed == "o" ? admin::CauseAct::take : admin::CauseAct::resolve, id);
      } else if (const auto act = act_of(typed, told->state); act && (is_failed || told->state == "dropped")) {
        act_on(*act, {}, {id});
      }
    }
    return {};
  }

  void show_story(const admin::Explanation& told) const {
    std::string text = heading(printable(told.id) + ": " + told.state);
    for (const auto& line : told.lines) text += "* " + printable(line) + "\n";
    if (!told.next.empty()) text += "Next: " + printable(told.next) + "\n";
    Table table({"AT", "ATTEMPT", "OUTCOME", "BROKER'S ANSWER", "RELAY OR PERSON"});
    for (const auto& one : told.whereabouts.history) {
      table.add({admin::format_when(one.at_ms), std::to_string(one.attempt), one.outcome, one.answer, one.relay});
    }
    if (!table.empty()) text += heading("What happened") + table.render(session_.terminal);
    if (const auto& kept = told.whereabouts.troubled) {
      for (const auto& [name, value] : kept->message.headers) text += printable(name + ": " + value) + "\n";
      const auto& payload = kept->message.payload;
      text += heading(fmt::format("Payload, {} bytes", grouped(payload.size())));
      text += printable(beginning_of(payload)) + "\n";
      if (const auto* decoder = opened_.config->decoder(kept->message.topic.str())) {
        const auto decoded = admin::decode(*decoder, payload);
        text += heading("As decoder '" + decoder->name + "' reads it");
        text += printable_lines(decoded ? beginning_of(*decoded) : decoded.error().message()) + "\n";
      }
    }
    print(text);
  }

  void say_of_cause(admin::CauseAct act, const std::string& id) {
    const auto why = ask("Reason, shown beside the cause (empty: leave it): ");
    if (!why || why->empty()) return;
    const auto said = admin::say_of_cause(*opened_.store, {act, id, {}, operator_name(), *why, "command line"});
    if (!said) complain(said.error().message());
  }

  /// Always what it would do first; then the reason, and a yes.
  void act_on(admin::BulkAct act, const std::string& search, const std::vector<std::string>& ids) {
    ActOptions options;
    options.filter = std::make_shared<FilterOptions>();
    options.filter->store = opened_.store->config().name;
    options.filter->ids = ids;
    if (!search.empty()) options.filter->search = {search};
    options.all = search.empty() && ids.empty();
    options.order.act = act;
    options.order.rate = act == admin::BulkAct::resend ? admin::gentle_rate : 0;
    options.dry_run = true;
    print(heading("What it would do"));
    if (act_on_failed(session_, options) != done) return;
    const auto why = ask("Reason, kept with each message (empty: leave it): ");
    if (!why || why->empty()) return;
    options.order.why = *why;
    options.dry_run = false;
    act_on_failed(session_, options);
  }

  const Session& session_;
  const Opened opened_;
  bool quit_ = false;
};

}  // namespace

int failed_desk(const Session& session, const std::string& store) {
  if (session.json || !session.terminal.in_is_terminal || !session.terminal.out_is_terminal) {
    complain("without a terminal say what: list, show, groups, resend, drop, restore, edit, take, resolve or reopen");
    return wrong_usage;
  }
  auto opened = open_for_command(session, store);
  if (!opened) return fail(opened.error());
  return Desk(session, std::move(*opened)).run();
}

}  // namespace waybill::cli

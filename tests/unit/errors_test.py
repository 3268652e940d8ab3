#!/usr/bin/env python3
"""Checks that every code and word that a person can see is explained, and that the sentences there are in Chinese are
still said. Usage: errors_test.py REPOSITORY
"""

import json
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
known = {line[0]: line for line in json.loads((root / "src/admin/errors.json").read_text())}
source = {path: path.read_text() for path in (root / "src").rglob("*.cpp")}
wrong = []

used = {code for text in source.values() for code in re.findall(r'"(WB-[A-Z]\d+)"', text)}
wrong += [f"{code} is used and not explained" for code in sorted(used - known.keys())]
wrong += [f"{code} is explained and not used" for code in sorted(known.keys() - used) if code.startswith("WB-D")]

enumerators = re.findall(r"^  (\w+),\s+///<", (root / "include/waybill/result.h").read_text(), re.MULTILINE)
wrong += [f"WB-E{number:02} is not {name}" for number, name in enumerate(enumerators, 1)
          if known.get(f"WB-E{number:02}", ["", ""])[1] != name]
wrong += [] if len(enumerators) == sum(code.startswith("WB-E") for code in known) else ["the errors are not those of result.h"]

names = {line[1] for line in known.values()}
engine = "\n".join(text for path, text in source.items() if "src/relay/" in str(path))
reasons = set(re.findall(r'(?:fail|retry_later|try_again_or_fail)\([^;"]*?"([a-z_]+)"', engine)) | set(
    re.findall(r'(?:reason|defect_reason) = "([a-z_]+)"', engine))
wrong += [f"the reason {reason} is not explained" for reason in sorted(reasons - names)]
states = set(re.findall(r'return "([a-z]+)";', source[root / "src/relay/report.cpp"]))
wrong += [f"the state {state} is not explained" for state in sorted(states - names)]

wrong += [f"{code} lacks words" for code, line in known.items() if not all(line[2:]) or len(line) != 6]
wrong += [f"{code} is not in Chinese" for code, line in known.items() if not re.search("[\u4e00-\u9fff]", line[4] + line[5])]
# As the sources have them: pieces of text with values between, perhaps broken over lines.
said = {path: re.sub(r'"\s*\n\s*"', "", text) for path, text in source.items()}
said |= {path: path.read_text() for path in (root / "src").rglob("*.hpp")}
phrases = json.loads((root / "src/admin/phrasebook.json").read_text())
for english, chinese in phrases:
    pieces = [piece.strip() for piece in re.split(r"{!?}|'", english) if piece.strip()]
    wrong += [f"nobody says '{piece}' any more, of '{english}'" for piece in pieces
              if not any(piece in text for text in said.values())]
    values = re.findall(r"{(\d)}", chinese)
    if sorted(values) != [str(number) for number in range(len(re.findall(r"{!?}", english)))] or chinese.count("{") != len(values):
        wrong.append(f"'{chinese}' has not the values of '{english}'")
    if not re.search("[\u4e00-\u9fff]", chinese) and english != "REST API, {}":
        wrong.append(f"'{english}' is not in Chinese")

if len(reasons) < 5 or len(used) < 50 or len(states) < 5:
    wrong.append("this test no longer finds what it looks for")
print("\n".join(wrong) or f"{len(known)} codes are explained in both languages, {len(phrases)} sentences are in Chinese")
sys.exit(1 if wrong else 0)

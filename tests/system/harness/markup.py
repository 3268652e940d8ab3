"""What strangers write to be more than text in a page. Each would set `window.hit`, or bring in an element."""

HIT = "window.hit=1"

_WRITTEN = [
    "<script>window.hit=1</script>", "<img src=x onerror=window.hit=1>", "\"><svg onload=window.hit=1>", "javascript:window.hit=1",
    "{{constructor.constructor('window.hit=1')()}}", "</textarea><script>window.hit=1</script>", "' onmouseover='window.hit=1",
    "<iframe srcdoc='<script>parent.hit=1</script>'>", "<a href=javascript:window.hit=1>x</a>", "\u202egnp.exe", "<style>*{display:none}</style>",
    "${window.hit=1}", "<%= window.hit=1 %>", "#{window.hit=1}", "<!--><script>window.hit=1</script>-->", "<![CDATA[<script>window.hit=1</script>]]>",
    "&lt;script&gt;window.hit=1&lt;/script&gt;", "&#60;script&#62;window.hit=1&#60;/script&#62;", "\\u003cscript\\u003ewindow.hit=1\\u003c/script\\u003e",
    "%3Cscript%3Ewindow.hit=1%3C/script%3E", "data:text/html,<script>parent.hit=1</script>", "<base href=//strangers.example/>",
    "<meta http-equiv=refresh content=0;url=//strangers.example/>", "<link rel=stylesheet href=//strangers.example/x.css>",
    "<form action=//strangers.example/><button>x</button></form>", "<math href=javascript:window.hit=1>x</math>",
    "<svg><use href='data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg onload=window.hit=1/>#x'/></svg>",
    "<template><script>window.hit=1</script></template>", "<noscript><p title='</noscript><img src=x onerror=window.hit=1>'>",
    "__proto__", "constructor", "hasOwnProperty", "\x1b]0;title\x07", "\u2028\u2029", "=cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0"]

_EVENTS = {
    "img": ("onerror", "src=x"), "svg": ("onload", ""), "body": ("onload", ""), "video": ("onerror", "src=x"),
    "audio": ("onerror", "src=x"), "input": ("onfocus", "autofocus"), "details": ("ontoggle", "open"), "select": ("onfocus", "autofocus"),
    "textarea": ("onfocus", "autofocus"), "button": ("onfocus", "autofocus"), "marquee": ("onstart", ""), "object": ("onerror", "data=x"),
    "embed": ("onload", "src=x"), "iframe": ("onload", "src=about:blank"), "style": ("onload", ""), "link": ("onerror", "rel=stylesheet href=x"),
    "div": ("onpointerenter", "style=position:fixed;inset:0"), "a": ("onfocus", "href=#x autofocus")}

# How it gets out of where it was put: a text, an attribute in either quotes or none, an element that holds text only.
_EXITS = ["", "\">", "'>", " ", "</title>", "</textarea>", "</style>", "</script>", "-->", "]]>"]


def _events():
    for element, (event, attributes) in _EVENTS.items():
        for number, way_out in enumerate(_EXITS):
            quote = ["", "\"", "'"][number % 3]
            yield f"{way_out}<{element} {attributes} {event}={quote}{HIT}{quote}>"


MARKUP = list(dict.fromkeys([*_WRITTEN, *_events()]))

# Elements that no page of ours has, and attributes that no element of ours has.
STRANGE = """[...document.querySelectorAll("*")].filter(one =>
  ["IFRAME", "OBJECT", "EMBED", "BASE", "MARQUEE", "VIDEO", "AUDIO", "MATH", "TEMPLATE"].includes(one.tagName)
  || [...one.attributes].some(({name, value}) => name.startsWith("on")
    || (["href", "src", "action", "formaction", "xlink:href"].includes(name) && /^\\s*(javascript|data):/i.test(value))))
  .map(one => one.outerHTML.slice(0, 200))"""

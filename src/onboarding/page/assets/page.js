/** Adds copy buttons and a live status. The page works without this script. */
const main = document.querySelector('main');

/** Shows the parts that need the script; also used for sections that are inserted later. */
function reveal(root) {
  for (const hidden of root.querySelectorAll('.copy, .script-only')) hidden.hidden = false;
}

document.addEventListener('click', async ({ target }) => {
  const button = target instanceof Element ? target.closest('.copy') : null;
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // Some browsers deny clipboard access: then select the value, so that the user can copy it.
    getSelection().selectAllChildren(button.previousElementSibling);
    return;
  }
  button.textContent = 'Copied';
  document.getElementById('announcement').textContent = `${button.getAttribute('aria-label')}: done`;
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 2_000);
});

/** Whether the user has entered something in the section, which an update must not overwrite. */
function isInUse(section) {
  const hasChecked = [...section.querySelectorAll('textarea')].some((input) => input.value !== '');
  return (
    hasChecked ||
    [...section.querySelectorAll('input:not([type=hidden])')].some(
      (input) => input === document.activeElement || input.value !== input.defaultValue,
    )
  );
}

/** Keeps the live region and replaces its content: screen readers announce only changes of an existing region. */
function update(current, next) {
  const [currentRegion, nextRegion] = [current, next].map((section) => section.querySelector('[aria-live]'));
  if (!currentRegion || !nextRegion) return current.replaceWith(next);
  current.className = next.className;
  if (currentRegion.innerHTML !== nextRegion.innerHTML)
    currentRegion.replaceChildren(...nextRegion.childNodes);
  for (const child of [...current.children]) if (child !== currentRegion) child.remove();
  current.append(...[...next.children].filter((child) => child !== nextRegion));
}

async function refresh(revision) {
  const response = await fetch(location.href, { cache: 'no-store' });
  if (!response.ok) return;
  const nextPage = new DOMParser().parseFromString(await response.text(), 'text/html');
  reveal(nextPage);
  for (const id of ['status', 'report', 'control']) {
    const current = document.getElementById(id);
    const next = nextPage.getElementById(id);
    if (current && next && !isInUse(current)) update(current, next);
    else if (current && !next) current.remove();
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
  events.addEventListener('ended', () => {
    events.close();
    location.reload();
  });
  // The browser reconnects after a lost connection, but not after an error response.
  events.addEventListener('error', () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, 15_000);
  });
}

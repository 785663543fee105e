/**
 * The page's script. The page also works without it. It submits forms without leaving the page, loads the devices, and
 * keeps the receipts of earlier requests.
 */
export const script: string = String.raw`
const MOST_SLIPS = 8;
const find = (selector) => document.querySelector(selector);
let last = Promise.resolve(); // one request after the other, so that answers are shown in their order

/** Asks for a page, and shows what of it is different. */
function go(path, form) {
  last = last.then(() => ask(path, form)).catch(async () => {
    say('The answer did not arrive.');
    if (form) await ask('/').catch(() => {}); // what came of it?
  });
  return last;
}

async function ask(path, form) {
  find('main').setAttribute('aria-busy', 'true');
  try {
    const response = await fetch(path, form && { method: 'POST', body: new URLSearchParams(form) });
    show(new DOMParser().parseFromString(await response.text(), 'text/html'));
  } finally {
    find('main').removeAttribute('aria-busy');
  }
  if (find('#show-devices')) await ask('/your-devices');
}

/** A part that is missing from an answer stays as it is. */
function show(page) {
  const { id } = document.activeElement;
  for (const part of page.querySelectorAll('[data-part]')) {
    const present = find('[data-part=' + part.dataset.part + ']');
    if (present && present.outerHTML !== part.outerHTML) present.replaceWith(document.adoptNode(part));
  }
  const { theme } = page.documentElement.dataset;
  if (theme) document.documentElement.dataset.theme = theme;

  const slips = [...page.querySelectorAll('.slip')];
  if (slips.length > 0) {
    for (const slip of slips) slip.classList.add('new');
    find('.slips').prepend(...slips);
    find('.last').textContent = page.querySelector('.last').textContent;
    for (const old of [...find('.slips').children].slice(MOST_SLIPS)) old.remove();
  }
  say(page.querySelector('#status, #reason')?.textContent ?? 'That did not work.');
  // What had the focus may be gone.
  if (document.activeElement === document.body) (document.getElementById(id) ?? find('h1')).focus({ preventScroll: true });
}

let silence;
function say(text) {
  if (text === '') return;
  find('#status').textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => { find('#status').textContent = ''; }, 5000);
}

addEventListener('submit', (event) => {
  event.preventDefault();
  const { target, submitter } = event;
  go(new URL(target.action).pathname, new FormData(target, submitter));
});
addEventListener('change', ({ target }) => {
  if (target.name === 'theme') target.form.requestSubmit();
});
addEventListener('focus', () => go('/')); // another device may have ended this session
if (find('#show-devices')) go('/your-devices');
`;

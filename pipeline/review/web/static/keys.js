// The keyboard, and the box that tells of it.

import { h } from './dom.js';
import { KEYS, t } from './words.js';

const table = h('table', { class: 'keys' }, KEYS.map(([keys, what]) => h('tr', {}, h('td', {}, keys.split(/ +/).map((key) => h('kbd', {}, key))), h('td', {}, what))));
const dialog = h('dialog', { class: 'helpbox', 'aria-label': t.help }, h('h2', {}, t.help), table);
dialog.addEventListener('click', () => dialog.close());

export const helpBox = { element: dialog, toggle: () => (dialog.open ? dialog.close() : dialog.showModal()) };

export function followKeys(page) {
  const { viewer, panel } = page;
  const plain = {
    j: () => page.move(1), ArrowDown: () => page.move(1), k: () => page.move(-1), ArrowUp: () => page.move(-1), n: () => page.next(),
    c: () => page.confirm(), d: () => page.current && panel.ask(!panel.asking), f: () => page.field(), g: () => page.current && panel.turnJudgement(), u: () => page.undo(), t: () => page.current && panel.note.focus(),
    b: () => viewer.setMode(viewer.mode === 'blink' ? 'swipe' : 'blink'), w: () => viewer.setMode('swipe'), v: () => viewer.setMode(viewer.mode === 'both' ? 'swipe' : 'both'),
    s: () => viewer.setView(viewer.view === 'natural' ? 'infrared' : 'natural'), '[': () => viewer.step(0, -1), ']': () => viewer.step(0, 1), ',': () => viewer.step(1, -1), '.': () => viewer.step(1, 1),
    '+': () => viewer.widen(1), '=': () => viewer.widen(1), '-': () => viewer.widen(-1), o: () => viewer.toggleLines(), x: () => viewer.turnFlight(), e: () => page.draw(),
    a: () => page.audit(true, null), A: () => page.audit(false, null), m: () => page.home(), '/': () => page.list.search.focus(), '?': () => helpBox.toggle(), Escape: () => panel.ask(false),
  };
  const ofPicture = ['b', 'w', 'v', 's', '[', ']', ',', '.', '+', '=', '-', 'o', 'x', 'e'];
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (page.drawing.on && ['Escape', 'Backspace', 'Enter'].includes(event.key)) {
      event.preventDefault();
      page.drawing.key(event.key);
      return;
    }
    const typing = event.target.closest?.('input, textarea, select');
    if (typing && (event.key === 'Escape' || (typing.type === 'search' && event.key === 'Enter'))) typing.blur();
    if (typing || document.querySelector('.cover') || (dialog.open && event.key !== '?')) return;
    if (panel.asking && /^[1-9]$/.test(event.key)) {
      event.preventDefault();
      panel.dismiss(Number(event.key));
      return;
    }
    const name = event.key.length === 1 && event.key !== 'A' ? event.key.toLowerCase() : event.key;
    if (!plain[name] || (ofPicture.includes(name) && !page.current)) return;
    event.preventDefault();
    plain[name]();
  });
  // Chosen by mouse, a list gives the keys back; by keyboard one may still be on the way through it.
  let pointed = null;
  document.addEventListener('pointerdown', (event) => (pointed = event.target.closest?.('select')));
  document.addEventListener('keydown', () => (pointed = null), true);
  document.addEventListener('change', (event) => event.target === pointed && pointed.blur());
}

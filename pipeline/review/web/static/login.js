// The token is asked for; nothing of the county is shown before.

import { login } from './api.js';
import { h, replace } from './dom.js';
import { t } from './words.js';

let open = null;

export function askForToken(again) {
  if (open) return open;
  const field = h('input', { type: 'password', class: 'token', autocomplete: 'current-password', 'aria-label': t.token, placeholder: t.token });
  const wrong = h('p', { class: 'wrong', role: 'alert' }, again ? t.session : '');
  const form = h('form', { class: 'login' }, h('img', { src: '/static/icon.svg', alt: '', width: '44', height: '44' }), h('h1', {}, t.brand), field, wrong, h('button', { class: 'tool primary' }, t.login), h('p', { class: 'dim small' }, t.loginHint));
  const cover = h('div', { class: 'cover' }, form);
  document.body.append(cover);
  field.focus();
  open = new Promise((done) => {
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      try {
        await login(field.value.trim());
        cover.remove();
        open = null;
        done();
      } catch (error) {
        replace(wrong, error.status === 401 ? t.wrongToken : t.offline);
        field.select();
      }
    });
  });
  return open;
}

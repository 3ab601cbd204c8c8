// Speaking to the server. Writes wait in the browser's own store until the server has them: a closed browser or a dead server loses none.

const headers = { 'Content-Type': 'application/json' };
export const session = { me: null, month: null };
const listeners = {};

export function on(name, listener) {
  (listeners[name] ||= []).push(listener);
}

export function tell(name, value) {
  for (const listener of listeners[name] || []) listener(value);
}

export class Answer extends Error {
  constructor(status, said) {
    super(said.message || String(status));
    this.status = status;
    this.said = said;
  }
}

async function ask(path, given) {
  let answer;
  try {
    answer = await fetch(path, { credentials: 'same-origin', redirect: 'error', ...given });
  } catch {
    throw new Answer(0, { code: 'MW-WEB-AWAY', message: 'no answer' });
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.status === 401) tell('login', null);
  if (!answer.ok) throw new Answer(answer.status, said);
  return said;
}

export const address = (path, values = {}) => {
  const query = new URLSearchParams(values);
  if (session.month) query.set('month', session.month);
  return `${path}?${query}`;
};
export const get = (path, values, given) => ask(address(path, values), given);
export const post = (path, body) => ask(address(path), { method: 'POST', headers: { ...headers, 'X-CSRF-Token': session.me?.csrf || '' }, body: JSON.stringify(body) });

export async function login(token) {
  session.me = await ask('/api/login', { method: 'POST', headers, body: JSON.stringify({ token }) });
}

export async function whoAmI() {
  session.me = await ask('/api/me', {});
}

export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

// --- writes that wait

const store = () => `minewarden-outbox:${session.me.name}`;

function waiting() {
  try {
    const found = JSON.parse(localStorage.getItem(store()) || '[]');
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

const keep = (writes) => localStorage.setItem(store(), JSON.stringify(writes));

export function send(caseId, what, body) {
  keep([...waiting(), { caseId, what, month: session.month, body: { key: newKey(), ...body } }]);
  deliver();
}

export const undelivered = () => (session.me ? waiting() : []);

let delivering = false;
let pause = 500;
let why = null; // what holds back the writes that wait, said until the server has taken them: also while they are tried again

function hold(reason) {
  why = reason;
  tell('outbox', { left: waiting().length, why });
}

export async function deliver() {
  if (delivering || !session.me) return;
  delivering = true;
  const stuck = new Set();
  try {
    for (let next = first(stuck); next; next = first(stuck)) {
      hold(why);
      const done = await deliverOne(next);
      if (!done) return;
      if (done.later) {
        stuck.add(next.caseId);
        hold(done.later);
        continue;
      }
      keep(waiting().filter((each) => each.body.key !== next.body.key));
      pause = 500;
      if (!stuck.size) why = null;
      tell(done.error ? 'refused' : 'written', { ...next, ...done });
    }
    hold(stuck.size ? why : null);
    if (stuck.size) again();
  } finally {
    delivering = false;
  }
}

// What was said of a case is sent in the order in which it was said: behind what is stuck, the rest on that case waits.
const first = (stuck) => waiting().find((each) => !stuck.has(each.caseId));

function again() {
  setTimeout(deliver, pause);
  pause = Math.min(pause * 2, 8000);
}

// Somebody has logged in in another tab: the cookie is that of another session. What waits is kept for whom it belongs to.
async function renew() {
  const before = session.me.name;
  await whoAmI().catch(() => null);
  if (session.me.name !== before) location.reload();
  else setTimeout(deliver, pause);
  return null;
}

async function deliverOne(write) {
  const path = `/api/case/${encodeURIComponent(write.caseId)}/${write.what}?month=${encodeURIComponent(write.month)}`;
  try {
    const body = JSON.stringify(write.body);
    return { answer: await ask(path, { method: 'POST', headers: { ...headers, 'X-CSRF-Token': session.me.csrf }, body }) };
  } catch (error) {
    if (error.status === 401) return null;
    if (error.said.code === 'MW-WEB-TOKEN') return renew();
    if (error.status !== 0 && error.status < 500) return { error: error.said };
    // A fault that only this write may meet: it is kept, and other cases need not wait for it.
    if (error.said.code === 'MW-WEB') return { later: error.said };
    hold(error.status === 0 ? 'offline' : error.status === 503 ? 'busy' : error.said);
    again();
    return null;
  }
}

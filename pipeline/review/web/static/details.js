// What the server told of cases, kept for a while; the next ones are fetched ahead, with their pictures.

import { get } from './api.js';
import { model } from './model.js';
import { pictureOf } from './viewer.js';

const KEPT = 60;

export class Details {
  constructor() {
    this.clear();
  }

  clear() {
    this.said = new Map();
    this.followed = new Map();
    this.images = [];
  }

  get(id, wider, again) {
    const key = `${id} ${wider}`;
    if (again) this.said.delete(key);
    return this.keep(this.said, key, () => get(`/api/case/${id}`, { wider }));
  }

  series(id) {
    return this.keep(this.followed, id, () => get(`/api/case/${id}/series`));
  }

  keep(map, key, ask) {
    const found = map.get(key) || ask();
    map.delete(key);
    map.set(key, found);
    found.catch(() => map.delete(key));
    if (map.size > KEPT) map.delete(map.keys().next().value);
    return found;
  }

  forget(id) {
    for (const key of [...this.said.keys()]) if (key.startsWith(`${id} `)) this.said.delete(key);
  }

  async changed(id, history) {
    for (const [key, promise] of [...this.said]) {
      if (key.startsWith(`${id} `)) this.said.set(key, promise.then((said) => ({ ...said, history })));
    }
  }

  // The pictures are asked for as the viewer will ask for them, so that the browser has them already.
  async ahead(ids, viewer) {
    this.images = [];
    for (const id of ids) {
      const said = await this.get(id, viewer.wider).catch(() => null);
      if (!said) continue;
      const pair = viewer.usualPair(said.properties);
      if (pair.some((day) => !model.days.includes(day))) continue;
      for (const which of [0, 1]) {
        const image = new Image();
        image.src = pictureOf(id, pair, which, viewer.view, viewer.wider);
        this.images.push(image);
      }
    }
    if (ids[0]) this.series(ids[0]).catch(() => null);
  }
}

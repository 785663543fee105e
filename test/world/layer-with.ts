import type { PersistenceLayer } from '../../src/index.js';

/** A layer with other functions in the place of some of its own. */
export function layerWith<Layer extends PersistenceLayer>(layer: Layer, others: Partial<PersistenceLayer>): Layer {
  return new Proxy(layer, {
    get(target, name) {
      const member: unknown = Reflect.get(name in others ? others : target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

import { ConfigurationError } from './errors.js';

/** Each role's parent role: `{ editor: 'admin', author: 'editor' }` gives an admin all that an author may do. */
export type RoleHierarchy = ReadonlyMap<string, string>;

/**
 * The role and all of its descendants: the roles whose capabilities it has.
 *
 * @throws {@link ConfigurationError} if the hierarchy has a cycle.
 * @example descendantRoles(new Map([['author', 'editor'], ['editor', 'admin']]), 'admin') // admin, editor, author
 */
export function descendantRoles(hierarchy: RoleHierarchy, role: string): ReadonlySet<string> {
  refuseCycles(hierarchy);
  const found = new Set([role]);
  // A Set is iterated in order of insertion, those added meanwhile included.
  for (const parent of found) {
    for (const [child, itsParent] of hierarchy) if (itsParent === parent) found.add(child);
  }
  return found;
}

function refuseCycles(hierarchy: RoleHierarchy): void {
  const cleared = new Set<string>();
  for (const start of hierarchy.keys()) {
    const path = new Set<string>();
    for (let role: string | undefined = start; role !== undefined && !cleared.has(role); role = hierarchy.get(role)) {
      if (path.has(role)) {
        throw new ConfigurationError(
          `roleHierarchy has a cycle through the role "${role}"; expected every role to lead to a root.`,
        );
      }
      path.add(role);
    }
    for (const role of path) cleared.add(role);
  }
}

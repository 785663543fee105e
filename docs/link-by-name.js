/**
 * For TypeDoc: links `{@link Name}` to what the package exports by that name, from whichever entry. A comment names the
 * errors that are thrown, which its file need not import; TypeDoc by itself looks among the imports only.
 *
 * @param {import('typedoc').Application} app
 */
export function load(app) {
  app.converter.addUnknownSymbolResolver((reference, { project }) => {
    const [name, ...inner] = reference.symbolReference?.path ?? [];
    if (name === undefined || inner.length > 0) return undefined;
    const target = project.children?.flatMap((entry) => entry.children ?? []).find((each) => each.name === name.path);
    return target && { target };
  });
}

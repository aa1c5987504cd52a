/** Forgets what could not be loaded, so that it is asked for again. */
const forgetful: (() => void)[] = [];

/** To be called when a reader moves on; not before, or a page that cannot be had would be asked for without end. */
export function forgetFailures(): void {
  for (const forget of forgetful) forget();
}

/** Loads modules of content, and remembers them: what is shown again is there at once. */
export function loader<T>(): (key: string, importModule: () => Promise<{ default: T }>) => Promise<T> {
  const loaded = new Map<string, Promise<T>>();
  const failed = new Set<string>();
  forgetful.push(() => {
    for (const key of failed) loaded.delete(key);
    failed.clear();
  });
  return (key, importModule) => {
    const known = loaded.get(key);
    if (known !== undefined) return known;
    const content = importModule().then((module) => module.default);
    loaded.set(key, content);
    content.catch(() => failed.add(key));
    return content;
  };
}

/** The modules that content/plugin.ts makes. Imports of types are inline, since ambient modules take no relative ones. */

declare module "virtual:portal/pages" {
  const pages: Record<"zh" | "en", Record<string, () => Promise<{ default: import("./content/page.ts").Page }>>>;
  export default pages;
}

declare module "virtual:portal/navigation" {
  const navigation: Record<"zh" | "en", readonly import("./content/page.ts").NavigationGroup[]>;
  export default navigation;
}

declare module "virtual:portal/samples" {
  const samples: Record<string, () => Promise<{ default: readonly import("./content/samples.ts").Sample[] }>>;
  export default samples;
}

declare module "virtual:portal/search/*" {
  const index: string;
  export default index;
}

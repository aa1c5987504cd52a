import { createServices } from "../app.ts";
import type { Config } from "../config.ts";
import { type DatabaseAddress, createPool } from "../db/database.ts";
import { type Text, text } from "../text.ts";

/**
 * What whoever has started the server may want to do next: where its pages are, and how to get into the console. Looked up
 * before the server is ready: from then on a database that is away ends nothing.
 */
export async function firstSteps(config: Config, database: DatabaseAddress): Promise<(url: string) => Text[]> {
  const isClosed = !(await anyStaff(config, database));
  return (url) => {
    const pages = config.publicUrl ?? url;
    const lines = [
      text(
        `管理控制台 ${pages}/console  开发者文档 ${pages}/docs/`,
        `Console ${pages}/console  Developer documentation ${pages}/docs/`,
      ),
    ];
    if (isClosed)
      lines.push(
        text(
          "还没有员工。创建第一位管理员：npx dks staff create --email you@example.com --name 姓名 --role admin",
          "Nobody can sign in yet. To add the first: npx dks staff create --email you@example.com --name NAME --role admin",
        ),
      );
    return lines;
  };
}

async function anyStaff(config: Config, database: DatabaseAddress): Promise<boolean> {
  const pool = createPool(database, {
    applicationName: "dks serve",
    connectionsMax: 1,
    connectTimeoutMs: 10_000,
    onIdleError: () => {},
  });
  try {
    const { staff } = await createServices(pool, config);
    return await staff.any();
  } finally {
    await pool.end();
  }
}

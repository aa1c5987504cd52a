import { type Command, InvalidArgumentError } from "commander";
import type { IssuedPassword, StaffService } from "../modules/staff/staff.service.ts";
import { type Role, roles } from "../modules/staff/staff.ts";
import { formatMoment } from "../clock.ts";
import { type Text, text } from "../text.ts";
import { cliActor, withDatabase } from "./context.ts";
import { tableLines } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export function staffCommands(program: Command, terminal: Terminal): void {
  const staff = program
    .command("staff")
    .description(terminal.language === "zh" ? "登录管理控制台的员工" : "the people who sign in to the console");
  createCommand(staff, terminal);
  listCommand(staff, terminal);
  resetCommand(staff, terminal);
  statusCommands(staff, terminal);
}

interface CreateOptions {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly json?: true;
}

function createCommand(staff: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  staff
    .command("create")
    .description(
      zh
        ? "创建员工，初始密码只显示一次，首次登录后须修改"
        : "add a staff member; the first password is shown once and has to be changed",
    )
    .requiredOption("--email <email>", zh ? "登录所用的邮箱" : "the e-mail address to sign in with")
    .requiredOption("--name <name>", zh ? "姓名" : "their name")
    .requiredOption(
      "--role <role>",
      zh
        ? "admin：管理员，另可变动余额、发放密钥、管理员工；operator：操作员，可导入和修改业务数据；viewer：只能查看"
        : "viewer, who may look; operator, who may import and change things; or admin, who also moves money, gives out secrets and manages staff",
      role(zh),
    )
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async ({ json, ...options }: CreateOptions) => {
      await withDatabase(async ({ services }) => {
        printIssued(terminal, await services.staff.create(options, cliActor()), json === true);
      });
    });
}

function resetCommand(staff: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  staff
    .command("reset <email>")
    .description(
      zh
        ? "设置新的初始密码，关闭两步验证，结束其所有登录会话，并解除锁定"
        : "give a new first password, turn two-factor authentication off, end all sessions and the lock",
    )
    .option("--keep-totp", zh ? "保留两步验证" : "leave two-factor authentication as it is")
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async (email: string, options: { keepTotp?: true; json?: true }) => {
      await withDatabase(async ({ services }) => {
        const staffId = await services.staff.idOf(email);
        const issued = await services.staff.reset(staffId, { keepTotp: options.keepTotp === true }, cliActor());
        printIssued(terminal, issued, options.json === true);
      });
    });
}

function statusCommands(staff: Command, terminal: Terminal): void {
  const commands = [
    [
      "suspend",
      text("停用员工，并结束其所有登录会话", "let a staff member sign in no more, and end all their sessions"),
      (service: StaffService, staffId: string) => service.suspend(staffId, cliActor()),
      (email: string) => text(`员工 ${email} 已停用`, `staff member ${email} is suspended`),
    ],
    [
      "resume",
      text("恢复已停用的员工", "let a suspended staff member sign in again"),
      (service: StaffService, staffId: string) => service.resume(staffId, cliActor()),
      (email: string) => text(`员工 ${email} 已恢复`, `staff member ${email} may sign in again`),
    ],
  ] as const;
  for (const [name, description, change, done] of commands)
    staff
      .command(`${name} <email>`)
      .description(description[terminal.language])
      .option("--json", terminal.language === "zh" ? "以 JSON 输出" : "print JSON")
      .action(async (given: string, options: { json?: true }) => {
        await withDatabase(async ({ services }) => {
          const { email, status } = await change(services.staff, await services.staff.idOf(given));
          terminal.result({ email, status }, [done(email)], options.json === true);
        });
      });
}

function listCommand(staff: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  staff
    .command("list")
    .description(zh ? "列出所有员工" : "show every staff member")
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async (options: { json?: true }) => {
      await withDatabase(async ({ services }) => {
        const list = await services.staff.list();
        const lines = tableLines([
          ["email", "role", "status", "totp", "last_sign_in", "name"],
          ...list.map((row) => [
            row.email,
            row.role,
            row.status,
            row.two_factor_enabled ? "on" : "off",
            row.last_sign_in_at === null ? "-" : formatMoment(row.last_sign_in_at),
            // Last: it may have Chinese characters, which are two columns wide.
            row.name,
          ]),
        ]);
        terminal.result(
          {
            staff: list.map((row) => ({
              staff_id: row.staff_id,
              email: row.email,
              name: row.name,
              role: row.role,
              status: row.status,
              must_change_password: row.must_change_password,
              two_factor: row.two_factor_enabled,
              last_sign_in_at: row.last_sign_in_at === null ? null : formatMoment(row.last_sign_in_at),
              locked_until: row.locked_until === null ? null : formatMoment(row.locked_until),
              created_at: formatMoment(row.created_at),
            })),
          },
          list.length === 0 ? [nobody] : lines.map((line) => text(line, line)),
          options.json === true,
        );
      });
    });
}

const nobody: Text = text(
  "还没有员工，请用 dks staff create 创建。",
  "There are no staff yet; dks staff create adds someone.",
);

function printIssued(terminal: Terminal, { staffId, email, password }: IssuedPassword, json: boolean): void {
  terminal.result(
    { staff_id: staffId, email, password },
    [text(`email     ${email}`, `email     ${email}`), text(`password  ${password}`, `password  ${password}`)],
    json,
  );
  if (!json)
    terminal.say(
      text(
        "密码只显示这一次，首次登录后须修改。",
        "The password is shown only now; it has to be changed when signing in for the first time.",
      ),
    );
}

function role(zh: boolean) {
  return (value: string): Role => {
    const found = roles.find((known) => known === value);
    if (found === undefined)
      throw new InvalidArgumentError(zh ? `应为 ${roles.join("、")} 之一` : `must be one of ${roles.join(", ")}`);
    return found;
  };
}

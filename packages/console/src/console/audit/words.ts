import type { Translate } from "../../shared/language.tsx";

type Words = Readonly<Record<string, readonly [zh: string, en: string]>>;

/** What each action of the audit log is called. One that is not here is shown as it is recorded, and fails a test. */
const actions: Words = {
  "account.create": ["创建账户", "Account created"],
  "source.create": ["新建来源", "Source created"],
  "source.rotate": ["更换来源令牌", "Source's token rotated"],
  "source.change": ["修改来源", "Source changed"],
  "source.assign_cards": ["为卡指定来源", "Cards assigned to a source"],
  "card.assign_source": ["为一张卡指定来源", "Card assigned to a source"],
  "quarantine.release": ["重新处理隔离记录", "Quarantined records released"],
  "quarantine.discard": ["删除隔离记录", "Quarantined records discarded"],
  "account.update": ["修改账户", "Account changed"],
  "account.suspend": ["停用账户", "Account suspended"],
  "account.resume": ["恢复账户", "Account resumed"],
  "account.top_up": ["账户充值", "Account topped up"],
  "account.correct": ["更正余额", "Balance corrected"],
  "client.create": ["创建客户端", "Client created"],
  "client.update": ["修改客户端", "Client changed"],
  "client.suspend": ["停用客户端", "Client suspended"],
  "client.resume": ["恢复客户端", "Client resumed"],
  "client.rotate": ["轮换密钥", "Secret rotated"],
  "client.end_overlap": ["提前停用旧密钥", "Old secrets ended early"],
  "export.start": ["开始导出", "Export begun"],
  "export.finish": ["导出完成", "Export finished"],
  "import.start": ["上传导入文件", "Import uploaded"],
  "import.confirm": ["确认导入", "Import confirmed"],
  "import.finish": ["导入完成", "Import finished"],
  "job.cancel": ["取消任务", "Job cancelled"],
  "master_key.reseal": ["更换主密钥", "Master key rotated"],
  "product.create": ["创建套餐产品", "Product created"],
  "product.update": ["修改套餐产品", "Product changed"],
  "staff.create": ["创建员工", "Staff member added"],
  "staff.update": ["修改员工", "Staff member changed"],
  "staff.reset": ["重置员工密码", "Password reset"],
  "staff.suspend": ["停用员工", "Staff member suspended"],
  "staff.resume": ["恢复员工", "Staff member resumed"],
  "staff.end_session": ["结束登录会话", "Session ended"],
  "staff.end_sessions": ["结束全部登录会话", "All sessions ended"],
  "staff.sign_in": ["登录", "Signed in"],
  "staff.sign_out": ["退出登录", "Signed out"],
  "staff.sign_in_failed": ["登录失败", "Sign-in failed"],
  "staff.sign_in_refused": ["拒绝登录（已停用）", "Sign-in refused: suspended"],
  "staff.confirmation_failed": ["密码或验证码确认失败", "Confirmation failed"],
  "staff.lock": ["尝试过多，已锁定", "Locked: too many attempts"],
  "staff.change_password": ["修改密码", "Password changed"],
  "staff.enable_totp": ["开启两步验证", "Two-factor turned on"],
  "staff.disable_totp": ["关闭两步验证", "Two-factor turned off"],
  "staff.new_backup_codes": ["重新生成备用码", "New backup codes"],
};

/** What an action was done to. */
const objectKinds: Words = {
  account: ["账户", "account"],
  address: ["地址", "address"],
  card: ["卡", "card"],
  client: ["客户端", "client"],
  file: ["文件", "file"],
  job: ["任务", "job"],
  master_key: ["主密钥", "master key"],
  product: ["套餐产品", "product"],
  quarantine: ["隔离记录", "quarantine"],
  source: ["用量来源", "source"],
  staff: ["员工", "staff"],
};

/** What is recorded of a change, by the names it is recorded under. */
const values: Words = {
  account_no: ["账户号", "Account"],
  allow_ips: ["IP 白名单", "Allow-list"],
  amount: ["金额", "Amount"],
  balance: ["余额", "Balance"],
  carrier: ["运营商", "Carrier"],
  cards: ["卡数", "Cards"],
  close_after_seconds: ["月末关账等待（秒）", "Months close after (s)"],
  data_value: ["流量（MB）", "Size (MB)"],
  eft_type: ["生效方式", "Takes effect"],
  email: ["邮箱", "E-mail address"],
  ended_secret_nos: ["停用的密钥序号", "Secrets ended"],
  entries: ["条数", "Entries"],
  expected_every_seconds: ["预期上报间隔（秒）", "Expected every (s)"],
  fee: ["售价", "Price"],
  file_name: ["文件名", "File"],
  filter: ["筛选条件", "Filter"],
  from_month: ["起始账期", "From month"],
  grace_seconds: ["宽限（秒）", "Grace (s)"],
  inserted: ["新增", "Added"],
  kind: ["类型", "Kind"],
  level: ["级别", "Level"],
  lines: ["行数", "Lines"],
  month: ["月数", "Months"],
  movement_no: ["流水号", "Movement"],
  name: ["名称", "Name"],
  old_token_expires_at: ["旧令牌失效时间", "Old token good until"],
  origin_price: ["原价", "List price"],
  overlap_seconds: ["新旧密钥并用（秒）", "Overlap (s)"],
  product_no: ["套餐编号", "Product"],
  rank: ["等级", "Rank"],
  rate_per_second: ["每秒调用上限", "Calls per second"],
  refused: ["拒绝", "Refused"],
  remark: ["备注", "Remark"],
  role: ["角色", "Role"],
  rows: ["行数", "Rows"],
  second_factor: ["第二因素", "Second factor"],
  secret_no: ["密钥序号", "Secret"],
  secrets: ["密钥数", "Secrets"],
  sessions: ["会话数", "Sessions"],
  size_bytes: ["大小（字节）", "Size (bytes)"],
  skip_invalid: ["跳过无效行", "Invalid lines skipped"],
  source: ["用量来源", "Source"],
  status: ["状态", "Status"],
  step: ["阶段", "Step"],
  tried: ["尝试的是", "Tried"],
  two_factor: ["两步验证", "Two-factor"],
  unchanged: ["未变", "Unchanged"],
  unit: ["单位", "Unit"],
  updated: ["更新", "Changed"],
};

/** What is recorded in words of the program's own, by the value's name and itself. */
const contents: Words = {
  "kind card_import": ["导入卡", "import of cards"],
  "kind product_import": ["导入套餐产品", "import of products"],
  "kind package_import": ["导入已订套餐", "import of packages"],
  "kind card_export": ["导出卡", "export of cards"],
  "role admin": ["管理员", "Admin"],
  "role operator": ["操作员", "Operator"],
  "role viewer": ["只读", "Viewer"],
  "status normal": ["正常", "Normal"],
  "status suspended": ["已停用", "Suspended"],
  "tried password": ["密码", "password"],
  "tried totp": ["验证器的验证码", "authenticator code"],
  "tried backup_code": ["备用码", "backup code"],
  "second_factor totp": ["验证器的验证码", "authenticator code"],
  "second_factor backup_code": ["备用码", "backup code"],
};

function say(words: Words, word: string, t: Translate): string {
  const known = Object.hasOwn(words, word) ? words[word] : undefined;
  return known === undefined ? word : t(...known);
}

export function actionName(action: string, t: Translate): string {
  return say(actions, action, t);
}

export function objectKindName(kind: string, t: Translate): string {
  return say(objectKinds, kind, t);
}

export function valueName(name: string, t: Translate): string {
  return say(values, name, t);
}

/** A value as a person reads it: an em dash for none, a list with its items side by side. */
export function valueText(name: string, value: unknown, t: Translate): string {
  if (value === undefined || value === null || value === "") return "—";
  if (typeof value === "boolean") return value ? t("是", "yes") : t("否", "no");
  if (Array.isArray(value))
    return value.length === 0 ? "—" : value.map((item) => valueText(name, item, t)).join(t("、", ", "));
  if (typeof value === "object")
    return Object.entries(value)
      .map(([inner, content]) => `${valueName(inner, t)}${t("：", ": ")}${valueText(inner, content, t)}`)
      .join(t("；", "; "));
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const key = `${name} ${text}`;
  return Object.hasOwn(contents, key) ? say(contents, key, t) : text;
}

export function actorKindName(kind: "staff" | "cli" | "system", t: Translate): string {
  return kind === "staff" ? t("员工", "staff") : kind === "cli" ? t("命令行", "command line") : t("系统", "system");
}

// Generated from the server's operation declarations by `npm run generate`. Do not edit.

/** Parameters of `memberInfo`. */
export interface MemberInfoParameters {
  /** The card number, the custom card number, or the last 10 digits of the ICCID. */
  serial_no: string | number;
}

/** Answer of `memberInfo`. Sizes are decimal strings in MB, 1 MB = 1,048,576 bytes. */
export interface MemberInfoData {
  /** The billing month's allowance. */
  total_data_value: string;
  /** What the card has used of it. */
  used_data_value: string;
  /** What is left of it, never below zero. */
  left_data_value: string;
  /** The calendar month in which the billing month starts, such as "2026-11". */
  billing_month: string;
  /** The moment up to which the usage is known; null until a first usage record. */
  data_as_of: string | null;
  /** The card number. */
  serial_no: string;
  /** The custom card number. */
  custom_no: string;
  /** The last 10 digits of the ICCID. */
  iccid_suffix: string;
  /** "0" stopped, "1" running, "2" awaiting activation, "3" being stopped, "4" being started. */
  sim_status: string;
  /** "0" off, "1" on, "3" being switched off, "4" being switched on. */
  gprs_status: string;
}

export const operations = {
  /** Query a card: its state, and this billing month's allowance and usage. */
  memberInfo: { path: "/v1/member/info", write: false },
} as const;

export interface OperationTypes {
  memberInfo: { parameters: MemberInfoParameters; data: MemberInfoData };
}

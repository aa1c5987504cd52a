// Generated from the server's operation declarations by `npm run generate`. Do not edit.

/** Parameters of `memberInfo`. */
export interface MemberInfoParameters {
  /** The card number, or the custom number, the full ICCID, or the last ten digits of the ICCID. */
  serial_no: string | number;
}

/** Answer of `memberInfo`. */
export interface MemberInfoData {
  /** The month's allowance: the sum of the packages in effect, in MB of 1,048,576 bytes, at most two decimals. */
  total_data_value: string;
  /** What the card has used of it, in MB of 1,048,576 bytes, at most two decimals. */
  used_data_value: string;
  /** What is left of it, never below zero, in MB of 1,048,576 bytes, at most two decimals. */
  left_data_value: string;
  /** The card's billing month, named by the calendar month in which it starts. */
  billing_month: string;
  /** The moment up to which the usage is known, in ISO 8601; null until a first usage record. */
  data_as_of: string | null;
  /** The card number. */
  serial_no: string;
  /** The custom number, or empty. */
  custom_no: string;
  /** The last ten digits of the ICCID, or empty. */
  iccid_suffix: string;
  /** 0 stopped, 1 running, 2 awaiting activation, 3 being stopped, 4 being started. */
  sim_status: string;
  /** 0 off, 1 on, 3 being switched off, 4 being switched on. */
  gprs_status: string;
}

export const operations = {
  /** A card and how much data it has this month. */
  memberInfo: { path: "/v1/member/info", write: false },
} as const;

export interface OperationTypes {
  memberInfo: { parameters: MemberInfoParameters; data: MemberInfoData };
}

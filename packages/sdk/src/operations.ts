// Generated from the server's operation declarations by `npm run generate`. Do not edit.

/** Parameters of `memberInfo`. */
export interface MemberInfoParameters {
  /** The card number, or the custom number, the full ICCID, or the last ten digits of the ICCID. */
  serial_no: string | number;
}

/** Answer of `memberInfo`. */
export interface MemberInfoData {
  /** The month's allowance: the sum of the packages in effect, of a cross-month one what earlier months have left of it, in MB of 1,048,576 bytes, at most two decimals. */
  total_data_value: string;
  /** What the card has used this month, never below zero, in MB of 1,048,576 bytes, at most two decimals. */
  used_data_value: string;
  /** What is left of the allowance, never below zero, in MB of 1,048,576 bytes, at most two decimals. */
  left_data_value: string;
  /** The card's billing month, named by the calendar month in which it starts. */
  billing_month: string;
  /** The moment up to which the usage is known, in ISO 8601 and UTC; null until a first usage record. */
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

/** Parameters of `memberBatchInfo`. */
export interface MemberBatchInfoParameters {
  /** Card numbers separated by commas, at most 500, repeated ones allowed, each as the serial_no of /v1/member/info; the whole body still has at most 16 KiB. */
  serial_nos: string | number;
}

/** Answer of `memberBatchInfo`. */
export interface MemberBatchInfoData {
  /** A row for each card number, in the order given; one that is not found has an errcode other than 0 and does not affect the others. */
  list: (
    | {
        /** The card was found. */
        errcode: 0;
        /** The month's allowance: the sum of the packages in effect, of a cross-month one what earlier months have left of it, in MB of 1,048,576 bytes, at most two decimals. */
        total_data_value: string;
        /** What the card has used this month, never below zero, in MB of 1,048,576 bytes, at most two decimals. */
        used_data_value: string;
        /** What is left of the allowance, never below zero, in MB of 1,048,576 bytes, at most two decimals. */
        left_data_value: string;
        /** The card's billing month, named by the calendar month in which it starts. */
        billing_month: string;
        /** The moment up to which the usage is known, in ISO 8601 and UTC; null until a first usage record. */
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
    | {
        /** Why this one was not found: 55005 no such card, 55030 not a card number at all. */
        errcode: 55005 | 55030;
        /** What is wrong and what to change, in the language of the whole answer; the wording may improve. */
        errmsg: string;
        /** What was given for the card, as it was given. */
        serial_no: string;
      }
  )[];
}

/** Parameters of `memberList`. */
export interface MemberListParameters {
  /** Cards on a page, 1 to 500; 100 if left out. */
  page_size?: number | string | undefined;
  /** The next_cursor of the page before; left out for the first page. */
  cursor?: string | number | undefined;
  /** Only cards with this status: 0 stopped, 1 running, 2 awaiting activation, 3 being stopped, 4 being started. */
  sim_status?: string | number | undefined;
  /** Only cards that have used at least this percentage of the month's allowance, 0 to 1000; without an allowance any usage counts as that much. */
  used_percent_min?: number | string | undefined;
}

/** Answer of `memberList`. */
export interface MemberListData {
  /** Cards by their number, in byte order; cards that are added between pages make none of the others appear twice or not at all. */
  list: {
    /** The month's allowance: the sum of the packages in effect, of a cross-month one what earlier months have left of it, in MB of 1,048,576 bytes, at most two decimals. */
    total_data_value: string;
    /** What the card has used this month, never below zero, in MB of 1,048,576 bytes, at most two decimals. */
    used_data_value: string;
    /** What is left of the allowance, never below zero, in MB of 1,048,576 bytes, at most two decimals. */
    left_data_value: string;
    /** The card's billing month, named by the calendar month in which it starts. */
    billing_month: string;
    /** The moment up to which the usage is known, in ISO 8601 and UTC; null until a first usage record. */
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
  }[];
  /** The cursor of the next page, null on the last. A call that asks for a percentage looks at about 20,000 cards at most, so that a page may be short or empty before the last: only null is the end. */
  next_cursor: string | null;
}

/** Parameters of `memberUsageDaily`. */
export interface MemberUsageDailyParameters {
  /** The card number, or the custom number, the full ICCID, or the last ten digits of the ICCID. */
  serial_no: string | number;
  /** The first day, in the platform's time zone. */
  start_date: string;
  /** The last day, included; not before start_date, and 92 days in all at most. */
  end_date: string;
}

/** Answer of `memberUsageDaily`. */
export interface MemberUsageDailyData {
  /** A row for each day, in order. */
  list: {
    /** The day, in the platform's time zone. */
    date: string;
    /** What was used on the day, in MB of 1,048,576 bytes, at most two decimals; negative, such as "-1.5", where the carrier corrected its figures downwards. In bytes the days of a billing month add up to the month; each is rounded by itself, so that the printed figures may differ by some hundredths. */
    used_data_value: string;
    /** Whether the day's billing month is closed; what arrives later still counts, as an adjustment, which raises the version that /v1/member/usage/month tells. */
    is_final: boolean;
    /** The moment up to which the day's usage is known, in ISO 8601 and UTC, the day's end at the latest; null while nothing of the day is known. */
    data_as_of: string | null;
  }[];
}

/** Parameters of `memberUsageMonth`. */
export interface MemberUsageMonthParameters {
  /** The card number, or the custom number, the full ICCID, or the last ten digits of the ICCID. */
  serial_no: string | number;
  /** The first billing month, named by the calendar month it starts in. */
  start_month: string;
  /** The last billing month, included; not before start_month, and 24 in all at most. */
  end_month: string;
}

/** Answer of `memberUsageMonth`. */
export interface MemberUsageMonthData {
  /** A row for each billing month, in order. */
  list: {
    /** The billing month, named by the calendar month in which it starts. */
    billing_month: string;
    /** The month's allowance, from the packages and the usage known now, in MB of 1,048,576 bytes, at most two decimals. */
    total_data_value: string;
    /** What was used in the month, in MB of 1,048,576 bytes, at most two decimals; negative where corrections took back more than was counted. */
    used_data_value: string;
    /** Whether the month is closed; what arrives later still counts, as an adjustment. */
    is_final: boolean;
    /** The moment up to which the usage is known, in ISO 8601 and UTC; null while the month has no usage record. */
    data_as_of: string | null;
    /** 1, and one more for every adjustment after closing. */
    version: number;
    /** The month's usage as it was closed, in MB of 1,048,576 bytes, at most two decimals; null unless it was adjusted afterwards. */
    closed_data_value: string | null;
  }[];
}

export const operations = {
  /** A card and how much data it has this month. */
  memberInfo: { path: "/v1/member/info", write: false },
  /** Several cards and how much data each has this month. */
  memberBatchInfo: { path: "/v1/member/batch/info", write: false },
  /** The account's cards, page by page. */
  memberList: { path: "/v1/member/list", write: false },
  /** What a card used on each day. */
  memberUsageDaily: { path: "/v1/member/usage/daily", write: false },
  /** What a card used in each billing month. */
  memberUsageMonth: { path: "/v1/member/usage/month", write: false },
} as const;

export interface OperationTypes {
  memberInfo: { parameters: MemberInfoParameters; data: MemberInfoData };
  memberBatchInfo: { parameters: MemberBatchInfoParameters; data: MemberBatchInfoData };
  memberList: { parameters: MemberListParameters; data: MemberListData };
  memberUsageDaily: { parameters: MemberUsageDailyParameters; data: MemberUsageDailyData };
  memberUsageMonth: { parameters: MemberUsageMonthParameters; data: MemberUsageMonthData };
}

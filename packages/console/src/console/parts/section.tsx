import { Card } from "antd";
import type { ReactNode } from "react";
import styles from "./forms.module.css";

/** A part of a page under a title of its own, with what can be done in it. */
export function Section(props: { readonly title: string; readonly acts?: ReactNode; readonly children: ReactNode }) {
  return (
    <Card size="small">
      <section aria-label={props.title}>
        <div className={styles["head"]}>
          <h2 className={styles["title"]}>{props.title}</h2>
          <div className={styles["acts"]}>{props.acts}</div>
        </div>
        {props.children}
      </section>
    </Card>
  );
}

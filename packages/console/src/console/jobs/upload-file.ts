import { useCallback, useEffect, useRef, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { type CallAnswer, CallError, call, callHeaders, refusalOf, urlOf } from "../api.ts";
import type { ImportKind } from "./words.ts";

export interface Upload {
  /** Of the file's bytes, how many have been sent; undefined while none is under way. */
  readonly sentBytes: number | undefined;
  readonly error: CallError | undefined;
  start(kind: ImportKind, file: File): void;
  cancel(): void;
}

type Job = CallAnswer<"POST /jobs/imports">;

/** Uploads a file and tells how far it is, which fetch cannot. Leaving the page ends it. */
export function useUpload(onDone: (job: Job) => void): Upload {
  const { language, t } = useLanguage();
  const [sentBytes, setSentBytes] = useState<number>();
  const [error, setError] = useState<CallError>();
  const current = useRef<AbortController>(undefined);
  const isUnderWay = sentBytes !== undefined;

  useEffect(() => () => current.current?.abort(), []);
  useEffect(() => {
    if (!isUnderWay) return undefined;
    function ask(event: BeforeUnloadEvent): void {
      event.preventDefault();
    }
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isUnderWay]);

  const start = useCallback(
    (kind: ImportKind, file: File) => {
      const controller = new AbortController();
      const { signal } = controller;
      current.current?.abort();
      current.current = controller;
      setError(undefined);
      setSentBytes(0);
      void upload()
        .then(onDone, (reason: unknown) => {
          if (!signal.aborted) setError(reason instanceof CallError ? reason : interrupted());
        })
        .finally(() => {
          if (current.current === controller) setSentBytes(undefined);
        });

      async function upload(): Promise<Job> {
        // Whoever is not signed in any more is asked to, before and not after a gigabyte was sent.
        await call("GET /jobs/imports/kinds", {}, { language, signal });
        return send();
      }

      function send(): Promise<Job> {
        return new Promise((resolve, reject) => {
          const request = new XMLHttpRequest();
          const query = { kind, file_name: file.name, size: file.size };
          request.open("POST", urlOf("POST /jobs/imports", { query }));
          for (const [name, value] of Object.entries(callHeaders(language))) request.setRequestHeader(name, value);
          request.setRequestHeader("content-type", "application/octet-stream");
          request.upload.addEventListener("progress", ({ loaded }) => setSentBytes(loaded));
          request.addEventListener("load", () => {
            const response = new Response(request.responseText, { status: request.status });
            // What the declaration says is what the server has been checked to answer.
            if (response.ok) resolve(JSON.parse(request.responseText) as Job);
            else void refusalOf(response, language).then(reject);
          });
          request.addEventListener("error", () => reject(interrupted()));
          request.addEventListener("abort", () => reject(interrupted()));
          signal.addEventListener("abort", () => request.abort());
          request.send(file);
        });
      }

      function interrupted(): CallError {
        return new CallError(
          t(
            "上传中断：连接断开、服务器正在重启，或文件在上传时被改动。没有保留任何内容，请重试。",
            "The upload was broken off: the connection was lost, the server is restarting, or the file was changed meanwhile. Nothing was kept; try again.",
          ),
          "offline",
          0,
        );
      }
    },
    [language, t, onDone],
  );

  return { sentBytes, error, start, cancel: useCallback(() => current.current?.abort(), []) };
}

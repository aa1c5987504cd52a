import { OperatorError } from "../errors.ts";
import { text } from "../text.ts";

/** What is wrong with an address that cannot be listened on, for whoever starts the server. */
export function listenProblem(error: Error & { code?: string }, host: string, port: number): Error {
  switch (error.code) {
    case "EADDRINUSE":
      return new OperatorError(
        text(
          `端口 ${port} 已被占用。请停止占用它的程序，或用环境变量 PORT 指定其他端口，例如 PORT=${port + 1} npm start。`,
          `Port ${port} is in use. Stop the program that has it, or choose another, as in PORT=${port + 1} npm start.`,
        ),
        error,
      );
    case "EACCES":
      return new OperatorError(
        text(
          `没有权限监听端口 ${port}。请用环境变量 PORT 指定 1024 以上的端口。`,
          `Listening on port ${port} is not permitted. Choose a port above 1024 in PORT.`,
        ),
        error,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new OperatorError(
        text(`本机没有地址 ${host}，请检查环境变量 HOST。`, `This machine has no address ${host}; check HOST.`),
        error,
      );
    case undefined:
    default:
      return error;
  }
}

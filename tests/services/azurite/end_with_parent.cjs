// Standard input is a pipe held by the process that started the server; it closes when that process dies, even by SIGKILL.
process.stdin.on("end", () => process.exit(0)).resume();

import {
  type UseMutationResult,
  type UseQueryResult,
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useLanguage } from "../shared/language.tsx";
import { type CallAnswer, CallError, type CallInput, type EndpointKey, call } from "./api.ts";

/** Asks an endpoint and keeps asking while the server restarts. What was shown before stays until the new answer is there. */
export function useAnswer<K extends EndpointKey>(
  key: K,
  input: CallInput<K>,
  options: { readonly enabled?: boolean; readonly refetchInterval?: number | false } = {},
): UseQueryResult<CallAnswer<K>, CallError> {
  const { language } = useLanguage();
  return useQuery<CallAnswer<K>, CallError>({
    queryKey: [key, input, language],
    queryFn: ({ signal }) => call(key, input, { language, signal }),
    placeholderData: keepPreviousData,
    ...options,
  });
}

/** Changes something, after which everything that is shown is asked for again. */
export function useChange<K extends EndpointKey>(key: K): UseMutationResult<CallAnswer<K>, CallError, CallInput<K>> {
  const { language } = useLanguage();
  const client = useQueryClient();
  return useMutation<CallAnswer<K>, CallError, CallInput<K>>({
    mutationFn: (input) => call(key, input, { language }),
    onSuccess: () => client.invalidateQueries(),
  });
}

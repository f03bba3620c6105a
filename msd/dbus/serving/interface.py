"""What an adapter is: one D-Bus interface of one object, written in Python.

A D-Bus method `DoThis` is the coroutine method `do_this`; a property is an entry of `properties`,
a function of what `subject` returns; a property that can be set has a coroutine method
`set_<name>`. The XML says which members there are; `check` compares, when the object is exported.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from msd.dbus.serving.spec import InterfaceSpec, snake_case


class Interface:
    """Base of all adapters."""

    name: ClassVar[str]
    calls_at_once: ClassVar[int] = 0  # of one caller; its other calls wait; 0 = no bound
    ends_with_caller: ClassVar[bool] = False  # a call that lasts ends when its caller leaves
    properties: ClassVar[Mapping[str, Callable[[Any], object]]] = {}

    def subject(self) -> object:
        """Return what the property readers read, once for several of them."""
        return self

    async def ready(self) -> None:
        """Return when methods can be called; properties are read without waiting for it.

        Raises:
            Exception: they never can; the caller of a method gets it as the answer.
        """

    @classmethod
    def check(cls, spec: InterfaceSpec) -> None:
        """Compare with the contract.

        Raises:
            TypeError: a member is missing here.
        """
        wanted = [method.attribute for method in spec.methods.values()]
        wanted += [
            f"set_{snake_case(name)}" for name, p in spec.properties.items() if p.is_writable
        ]
        missing = [name for name in wanted if not hasattr(cls, name)]
        missing += [name for name in spec.properties if name not in cls.properties]
        if missing:
            raise TypeError(f"{cls.__name__} lacks {', '.join(missing)} of {spec.name}")
